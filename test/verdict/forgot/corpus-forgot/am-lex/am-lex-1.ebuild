EAPI=8

DESCRIPTION="a .l file in an automake project"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/autoconf dev-build/automake"

src_prepare() {
	default
	printf 'AC_INIT([u], [1])\nAM_INIT_AUTOMAKE([foreign])\nAC_PROG_CC\nAM_PROG_LEX([noyywrap])\nAC_CONFIG_FILES([Makefile])\nAC_OUTPUT\n' > configure.ac || die
	printf 'bin_PROGRAMS = u\nu_SOURCES = u.l\n' > Makefile.am || die
	printf '%%option noyywrap\n%%%%\n.|\\n\t;\n%%%%\nint main(void) { return yylex(); }\n' > u.l || die
	autoreconf -fi || die "autoreconf failed"
}
