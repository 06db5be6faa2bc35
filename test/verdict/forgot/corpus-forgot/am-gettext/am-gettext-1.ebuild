EAPI=8

DESCRIPTION="AM_GNU_GETTEXT, and autoreconf finds no autopoint"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/autoconf dev-build/automake"

src_prepare() {
	default
	mkdir po || die
	cat > configure.ac <<-'END' || die
		AC_INIT([u], [1])
		AC_CONFIG_AUX_DIR([build-aux])
		AC_CONFIG_MACRO_DIRS([m4])
		AM_INIT_AUTOMAKE([foreign])
		AC_PROG_CC
		AM_GNU_GETTEXT([external])
		AM_GNU_GETTEXT_VERSION([0.20])
		AC_CONFIG_FILES([Makefile po/Makefile.in])
		AC_OUTPUT
	END
	printf 'SUBDIRS = po\nACLOCAL_AMFLAGS = -I m4\n' > Makefile.am || die
	touch po/POTFILES.in po/LINGUAS || die
	printf 'DOMAIN = u\nsubdir = po\ntop_builddir = ..\n' > po/Makevars || die
	autoreconf -fi || die "autoreconf failed"
}
