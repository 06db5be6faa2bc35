EAPI=8

DESCRIPTION="a declared tool that runs another"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="sys-devel/bison sys-devel/flex"

src_compile() {
	printf '%%{\nint yylex(void);\nvoid yyerror(const char *s) { (void)s; }\n%%}\n%%token WORD\n%%%%\nx: WORD;\n%%%%\nint main(void) { return yyparse(); }\n' > u.y || die
	printf '%%{\n#include "u.tab.h"\n%%}\n%%option noyywrap nounput noinput\n%%%%\n[a-z]+\treturn WORD;\n%%%%\n' > u.l || die
	printf 'u: u.tab.c lex.yy.c\n\tgcc -o $@ $^\nu.tab.c: u.y\n\tbison -d $<\nlex.yy.c: u.l u.tab.c\n\tflex $<\n' > Makefile || die
	emake
}

src_install() {
	dobin u
}
