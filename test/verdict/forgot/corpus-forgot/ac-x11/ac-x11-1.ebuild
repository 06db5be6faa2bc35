EAPI=8

DESCRIPTION="AC_PATH_XTRA, and the project complains"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/autoconf"

src_prepare() {
	default
	printf 'AC_INIT([u],[1])\nAC_PROG_CC\nAC_PATH_XTRA\nAS_IF([test "$no_x" = yes],[AC_MSG_ERROR([a display is necessary])])\nAC_CONFIG_FILES([Makefile])\nAC_OUTPUT\n' > configure.ac || die
	printf 'all:\ninstall:\n' > Makefile.in || die
	autoconf || die
}
