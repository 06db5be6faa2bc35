EAPI=8

DESCRIPTION="a shell script that runs other tools and makes temporary files"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="app-text/xmlto app-text/docbook-xml-dtd app-text/docbook-xsl-stylesheets"

src_compile() {
	# Debian's tools keep the list of catalogues in /etc/xml in files that no package owns
	export XML_CATALOG_FILES="/usr/share/xml/docbook/schema/dtd/4.5/catalog.xml /usr/share/xml/docbook/stylesheet/docbook-xsl/catalog.xml"
	cat > u.xml <<-'END' || die
		<?xml version="1.0"?>
		<!DOCTYPE refentry PUBLIC "-//OASIS//DTD DocBook XML V4.5//EN" "http://www.oasis-open.org/docbook/xml/4.5/docbookx.dtd">
		<refentry id="u">
		<refmeta><refentrytitle>u</refentrytitle><manvolnum>1</manvolnum></refmeta>
		<refnamediv><refname>u</refname><refpurpose>does nothing</refpurpose></refnamediv>
		<refsect1><title>Description</title><para>Nothing.</para></refsect1>
		</refentry>
	END
	xmlto man u.xml || die "xmlto failed"
}

src_install() {
	doman u.1
}
