EAPI=8

DESCRIPTION="a macro of a library's own m4 file"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/autoconf dev-build/automake virtual/pkgconfig"

src_prepare() {
	default
	printf 'AC_INIT([u], [1])\nAM_INIT_AUTOMAKE([foreign])\nAC_PROG_CC\nGOBJECT_INTROSPECTION_REQUIRE([1.30])\nAC_CONFIG_FILES([Makefile])\nAC_OUTPUT\n' > configure.ac || die
	touch Makefile.am || die
	autoreconf -fi || die "autoreconf failed"
}
