EAPI=8

DESCRIPTION="a stylesheet that only a dependency brings in, by its path"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="app-text/xmlto dev-libs/libxslt"

src_compile() {
	printf '<article><title>u</title><para>u</para></article>\n' > u.xml || die
	xmlto --skip-validation xhtml-nochunks u.xml || die "xmlto failed"
	xsltproc --nonet -o u.txt /usr/share/xml/docbook/stylesheet/docbook-xsl/xhtml/docbook.xsl u.xml || die "xsltproc failed"
}

src_install() {
	dodoc u.txt
}
