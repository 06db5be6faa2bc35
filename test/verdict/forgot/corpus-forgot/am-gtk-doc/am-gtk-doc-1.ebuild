EAPI=8

DESCRIPTION="GTK_DOC_CHECK is left in configure"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/autoconf dev-build/automake"

src_prepare() {
	default
	printf 'AC_INIT([u],[1])\nAM_INIT_AUTOMAKE([foreign])\nGTK_DOC_CHECK([1.14],[--flavour no-tmpl])\nAC_CONFIG_FILES([Makefile])\nAC_OUTPUT\n' > configure.ac || die
	touch Makefile.am || die
	autoreconf -fi || die "autoreconf failed"
}
