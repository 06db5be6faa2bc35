EAPI=8

DESCRIPTION="macros of others in the sources"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/autoconf dev-build/automake"

src_prepare() {
	default
	mkdir m4 || die
	printf 'AU_ALIAS([ACX_PTHREAD],[AX_PTHREAD])\nAC_DEFUN([AX_PTHREAD],[AC_MSG_NOTICE([threads])])\n' > m4/ax_pthread.m4 || die
	printf 'AC_DEFUN([PKG_PROG_PKG_CONFIG],[PKG_CONFIG=])\n' > m4/pkg.m4 || die
	printf 'AC_INIT([u],[1])\nAC_CONFIG_MACRO_DIRS([m4])\nAM_INIT_AUTOMAKE([foreign])\nAC_PROG_CXX\nAX_PTHREAD\nPKG_PROG_PKG_CONFIG\nAC_CONFIG_FILES([Makefile])\nAC_OUTPUT\n' > configure.ac || die
	printf 'ACLOCAL_AMFLAGS = -I m4\nbin_PROGRAMS = u\nu_SOURCES = u.cc\n' > Makefile.am || die
	echo 'int main() { return 0; }' > u.cc || die
	autoreconf -fi || die "autoreconf failed"
}
