EAPI=8

DESCRIPTION="a declared tool that is a script"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="sys-apps/texinfo"

src_compile() {
	printf '\\input texinfo\n@setfilename u.info\n@settitle u\n@documentencoding UTF-8\n@node Top\n@top u\nNothing, \303\251t\303\251.\n@bye\n' > u.texi || die
	printf 'all: u.info u.html\nu.info: u.texi\n\tmakeinfo $<\nu.html: u.texi\n\tmakeinfo --html --no-split -o $@ $<\n' > Makefile || die
	emake
}

src_install() {
	doinfo u.info
	dodoc u.html
}
