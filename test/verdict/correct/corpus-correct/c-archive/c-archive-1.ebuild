EAPI=8

DESCRIPTION="autotools with macros that look for programs of the tool chain and for languages"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/autoconf dev-build/autoconf-archive dev-build/automake dev-lang/perl"

src_prepare() {
	default
	cat > configure.ac <<-'END' || die
		AC_INIT([u], [1])
		AC_CONFIG_AUX_DIR([build-aux])
		AM_INIT_AUTOMAKE([foreign])
		AC_PROG_CC
		AX_PTHREAD([LIBS="$PTHREAD_LIBS $LIBS"])
		AX_PROG_PERL_MODULES([JSON], [], [])
		AX_PYTHON_MODULE([yaml], [], [python3])
		AC_CONFIG_FILES([Makefile])
		AC_OUTPUT
	END
	printf 'bin_PROGRAMS = u\nu_SOURCES = u.c\n' > Makefile.am || die
	echo 'int main(void) { return 0; }' > u.c || die
	autoreconf -fi || die "autoreconf failed"
}
