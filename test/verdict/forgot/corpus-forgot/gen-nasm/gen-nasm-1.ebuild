EAPI=8

DESCRIPTION="an assembler in a pattern rule"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	printf 'global one\nsection .text\none:\n\tmov eax, 1\n\tret\nsection .note.GNU-stack noalloc noexec nowrite progbits\n' > one.asm || die
	printf 'int one(void);\nint main(void) { return one() != 1; }\n' > u.c || die
	printf 'u: u.o one.o\n\tgcc -o $@ u.o one.o\n%%.o: %%.asm\n\tnasm -felf64 -o $@ $<\n' > Makefile || die
	emake CC=gcc
}

src_install() {
	dobin u
}
