EAPI=8

DESCRIPTION="AC_CHECK_HEADER, and configure ends in the project's words"
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
		AC_CHECK_HEADER([yaml.h], [], [AC_MSG_ERROR([yaml.h is required])])
		AC_CONFIG_FILES([Makefile])
		AC_OUTPUT
	END
	printf 'all:\ninstall:\n' > Makefile.in || die
	autoconf || die
}
