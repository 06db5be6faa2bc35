EAPI=8

DESCRIPTION="tools of a feature that is switched off"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/autoconf"

src_prepare() {
	default
	cat > configure.ac <<-'END' || die
		AC_INIT([u], [1])
		AC_PROG_CC
		AC_PATH_PROG([MSGFMT], [msgfmt], [:])
		AC_PATH_PROG([XGETTEXT], [xgettext], [:])
		AC_PATH_PROG([GTKDOC_CHECK], [gtkdoc-check])
		AC_CHECK_PROGS([DOXYGEN], [doxygen])
		AC_ARG_ENABLE([nls], [AS_HELP_STRING([--disable-nls], [no translations])], [], [enable_nls=yes])
		AC_ARG_ENABLE([doc], [AS_HELP_STRING([--enable-doc], [manual])], [], [enable_doc=no])
		LANGUAGES=de
		AS_IF([test "$enable_nls" = no], [LANGUAGES=])
		AC_SUBST([LANGUAGES])
		AC_CONFIG_FILES([Makefile])
		AC_OUTPUT
	END
	printf 'all: u\n\t@set -e; for l in @LANGUAGES@; do @MSGFMT@ -o $$l.mo $$l.po; done\nu: u.c\n\t@CC@ -o $@ u.c\ninstall:\n\tinstall -D u $(DESTDIR)/usr/bin/u\n' > Makefile.in || die
	echo 'int main(void) { return 0; }' > u.c || die
	autoconf || die
}

src_configure() {
	econf --disable-nls --disable-doc
}
