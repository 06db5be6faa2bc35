EAPI=8

DESCRIPTION="AM_ICONV, which gettext defines by a macro of its own"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/autoconf dev-build/automake"

src_prepare() {
	default
	printf 'AC_INIT([u], [1])\nAM_INIT_AUTOMAKE([foreign])\nAC_PROG_CC\nAM_ICONV\nAC_CONFIG_FILES([Makefile])\nAC_OUTPUT\n' > configure.ac || die
	printf 'bin_PROGRAMS = u\nu_SOURCES = u.c\nu_LDADD = @LIBICONV@\n' > Makefile.am || die
	printf 'int main(void) { return 0; }\n' > u.c || die
	touch config.rpath || die
	autoreconf -fi || die "autoreconf failed"
}
