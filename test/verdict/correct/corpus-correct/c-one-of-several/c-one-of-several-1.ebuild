EAPI=8

DESCRIPTION="one of several equals is taken, the others are looked for first"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/autoconf sys-devel/bison"

src_prepare() {
	default
	cat > configure.ac <<-'END' || die
		AC_INIT([u], [1])
		AC_CHECK_PROGS([AWK], [mawk gawk awk])
		AC_CHECK_PROGS([YACC], [byacc bison])
		AC_CHECK_PROGS([MAKE], [bmake gmake make])
		AC_CONFIG_FILES([Makefile])
		AC_OUTPUT
	END
	printf 'all:\n\techo a b | @AWK@ "{ print \\$$2 }" > u.txt\n\t@YACC@ -o y.c u.y\ninstall:\n' > Makefile.in || die
	printf '%%%%\nx: ;\n%%%%\n' > u.y || die
	autoconf || die
}

src_install() {
	dodoc u.txt
}
