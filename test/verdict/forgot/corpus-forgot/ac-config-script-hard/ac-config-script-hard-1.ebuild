EAPI=8

DESCRIPTION="configure cannot go on without foo-config"
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
		AC_PATH_PROG([XML_CONFIG], [xml2-config], [no])
		AS_IF([test "$XML_CONFIG" = no], [AC_MSG_ERROR([Could not find libxml2 anywhere, check ftp://xmlsoft.org/.])])
		XML_CFLAGS=`$XML_CONFIG --cflags`
		XML_LIBS=`$XML_CONFIG --libs`
		AC_SUBST([XML_CFLAGS])
		AC_SUBST([XML_LIBS])
		AC_CONFIG_FILES([Makefile])
		AC_OUTPUT
	END
	printf 'u: u.c\n\t@CC@ @XML_CFLAGS@ @CFLAGS@ -o $@ u.c @XML_LIBS@\ninstall:\n\tinstall -D u $(DESTDIR)/usr/bin/u\n' > Makefile.in || die
	printf '#include <libxml/xmlversion.h>\nint main(void) { LIBXML_TEST_VERSION return 0; }\n' > u.c || die
	autoconf || die
}
