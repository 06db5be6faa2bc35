EAPI=8

DESCRIPTION="AC_PROG_YACC finds none and leaves yacc to make"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/autoconf"

src_prepare() {
	default
	printf 'AC_INIT([u], [1])\nAC_PROG_YACC\nAC_CONFIG_FILES([Makefile])\nAC_OUTPUT\n' > configure.ac || die
	printf 'y.tab.c: u.y\n\t@YACC@ u.y\ninstall:\n' > Makefile.in || die
	printf '%%%%\nx: ;\n%%%%\n' > u.y || die
	autoconf || die
}

src_install() {
	dodoc y.tab.c
}
