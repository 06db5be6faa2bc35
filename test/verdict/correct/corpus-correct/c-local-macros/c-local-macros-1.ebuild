EAPI=8

DESCRIPTION="autoreconf with macros of its own only"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/autoconf dev-build/automake"

src_prepare() {
	default
	mkdir m4 || die
	printf 'AC_DEFUN([U_CHECK],[AC_MSG_CHECKING([for u])AC_MSG_RESULT([yes])])\n' > m4/u.m4 || die
	printf 'AC_INIT([u],[1])\nAC_CONFIG_MACRO_DIRS([m4])\nAM_INIT_AUTOMAKE([foreign])\nAC_PROG_CC\nAC_PROG_CXX\nAC_PROG_AWK\nAC_PROG_RANLIB\nAM_PROG_AR\nAM_PROG_AS\nAC_PROG_SED\nAC_PROG_GREP\nAC_PROG_LN_S\nAC_PROG_MKDIR_P\nAC_C_BIGENDIAN\nAC_SYS_LARGEFILE\nAC_CHECK_FUNCS([fork strlcpy memfd_create])\nAC_CHECK_HEADERS([sys/sysctl.h CoreFoundation/CoreFoundation.h windows.h])\nU_CHECK\nAC_CONFIG_FILES([Makefile])\nAC_OUTPUT\n' > configure.ac || die
	printf 'ACLOCAL_AMFLAGS = -I m4\nbin_PROGRAMS = u\nu_SOURCES = u.c\nnoinst_LIBRARIES = libx.a\nlibx_a_SOURCES = x.c\nEXTRA_DIST = autogen.sh\n' > Makefile.am || die
	echo 'int main(void) { return 0; }' > u.c || die
	echo 'int x(void) { return 0; }' > x.c || die
	autoreconf -fi || die "autoreconf failed"
}
