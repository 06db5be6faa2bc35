EAPI=8

DESCRIPTION="translations of a document"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	printf '<?xml version="1.0"?>\n<a><p>one</p></a>\n' > u.xml || die
	printf 'ITSTOOL ?= itstool\nu.pot: u.xml\n\t$(ITSTOOL) -o $@ $<\n' > Makefile || die
	emake u.pot
}

src_install() {
	dodoc u.pot
}
