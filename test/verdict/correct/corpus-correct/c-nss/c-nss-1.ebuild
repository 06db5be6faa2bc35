EAPI=8

DESCRIPTION="name services and locales of the system"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	cat > t.py <<-'END' || die
		import curses, getpass, grp, locale, os, pwd, socket, sqlite3, ssl
		locale.setlocale(locale.LC_ALL, "")
		pwd.getpwuid(0), grp.getgrgid(0)
		socket.getaddrinfo("127.0.0.1", 80)
		ssl.create_default_context()
		curses.setupterm("xterm", 1)
		sqlite3.connect(":memory:").execute("select 1")
	END
	python3 t.py || die
	echo tested > u.txt || die
}

src_install() {
	dodoc u.txt
}
