EAPI=8

DESCRIPTION="a state machine compiler in a suffix rule"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	printf '%%%%{\n\tmachine u;\n\tmain := "u"+;\n\twrite data;\n}%%%%\nint main(void) { return 0; }\n' > u.rl || die
	printf '.SUFFIXES: .rl .c\n.rl.c:\n\tragel -o $@ $<\nall: u\n' > Makefile || die
	emake CC=gcc
}

src_install() {
	dobin u
}
