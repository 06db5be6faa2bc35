EAPI=8

DESCRIPTION="a declared tool whose feature is switched off"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/autoconf dev-build/automake dev-util/gtk-doc virtual/pkgconfig"

src_prepare() {
	default
	printf 'AC_INIT([u],[1])\nAM_INIT_AUTOMAKE([foreign])\nAC_PROG_CC\nGTK_DOC_CHECK([1.14],[--flavour no-tmpl])\nAC_CONFIG_FILES([Makefile])\nAC_OUTPUT\n' > configure.ac || die
	printf 'bin_PROGRAMS = u\nu_SOURCES = u.c\nEXTRA_DIST =\nCLEANFILES =\n' > Makefile.am || die
	echo 'int main(void) { return 0; }' > u.c || die
	gtkdocize --copy || die
	autoreconf -fi || die "autoreconf failed"
}

src_configure() {
	econf --disable-gtk-doc
}
