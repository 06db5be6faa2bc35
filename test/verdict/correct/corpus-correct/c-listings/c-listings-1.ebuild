EAPI=8

DESCRIPTION="directories are listed, with no effect"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	ls -R /usr/include > /dev/null || die
	find /usr/share/aclocal /usr/lib/python3 -name '*.py' > /dev/null || die
	python3 -c 'import pkgutil, importlib.metadata as m; list(pkgutil.iter_modules()); list(m.distributions()); m.entry_points()' || die
	for f in /usr/bin/*; do :; done
	for f in /usr/lib/x86_64-linux-gnu/pkgconfig/*.pc; do :; done
	echo u > u.txt || die
}

src_install() {
	dodoc u.txt
}
