EAPI=8

DESCRIPTION="a macro of intltool is left in configure, which the shell does not understand"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/autoconf dev-build/automake"

src_prepare() {
	default
	printf 'AC_INIT([u], [1])\nAM_INIT_AUTOMAKE([foreign])\nIT_PROG_INTLTOOL([0.40.0])\nAC_CONFIG_FILES([Makefile po/Makefile.in])\nAC_OUTPUT\n' > configure.ac || die
	touch Makefile.am || die
	mkdir po || die
	touch po/POTFILES.in po/LINGUAS || die
	printf '# INTLTOOL_MAKEFILE\nall install:\n' > po/Makefile.in.in || die
	aclocal && automake --add-missing --copy && autoconf || die
}

src_configure() {
	./configure --prefix=/usr || die "configure failed"
}
