EAPI=8

DESCRIPTION="configure looks for foo-config and goes without the library"
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
		AC_PATH_PROG([CURL_CONFIG], [curl-config])
		AS_IF([test -n "$CURL_CONFIG"], [
			CPPFLAGS="$CPPFLAGS -DWITH_CURL `$CURL_CONFIG --cflags`"
			LIBS="$LIBS `$CURL_CONFIG --libs`"
		])
		AC_CONFIG_FILES([Makefile])
		AC_OUTPUT
	END
	printf 'u: u.c\n\t@CC@ @CPPFLAGS@ @CFLAGS@ -o $@ u.c @LIBS@\ninstall:\n\tinstall -D u $(DESTDIR)/usr/bin/u\n' > Makefile.in || die
	printf '#ifdef WITH_CURL\n#include <curl/curl.h>\nint main(void) { return curl_version() == 0; }\n#else\nint main(void) { return 0; }\n#endif\n' > u.c || die
	autoconf || die
}
