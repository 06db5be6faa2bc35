EAPI=8

DESCRIPTION="a stylesheet by its path"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-libs/libxslt"

src_compile() {
	printf '<refentry><refnamediv><refname>u</refname><refpurpose>n</refpurpose></refnamediv></refentry>\n' > u.xml || die
	xsltproc --nonet /usr/share/xml/docbook/stylesheet/docbook-xsl/manpages/docbook.xsl u.xml || die "xsltproc failed"
}

src_install() {
	:
}
