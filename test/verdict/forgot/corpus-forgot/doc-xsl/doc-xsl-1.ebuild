EAPI=8

DESCRIPTION="a stylesheet by its address, which a catalogue finds"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-libs/libxslt"

src_compile() {
	cat > u.xml <<-'END' || die
		<?xml version="1.0"?>
		<refentry id="u">
		<refmeta><refentrytitle>u</refentrytitle><manvolnum>1</manvolnum></refmeta>
		<refnamediv><refname>u</refname><refpurpose>does nothing</refpurpose></refnamediv>
		<refsect1><title>Description</title><para>Nothing.</para></refsect1>
		</refentry>
	END
	export XML_CATALOG_FILES=/usr/share/xml/docbook/stylesheet/docbook-xsl/catalog.xml
	xsltproc --nonet http://docbook.sourceforge.net/release/xsl/current/manpages/docbook.xsl u.xml || die "xsltproc failed"
}

src_install() {
	doman u.1
}
