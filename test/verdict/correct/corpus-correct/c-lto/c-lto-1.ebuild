EAPI=8

DESCRIPTION="plug-ins of the tool chain"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	printf 'int one(void) { return 1; }\n' > one.c || die
	printf 'int one(void);\nint main(void) { return one() != 1; }\n' > u.c || die
	gcc -O2 -flto -c one.c u.c || die
	gcc-ar rcs libone.a one.o || die
	gcc -O2 -flto -o u u.o libone.a || die
}

src_install() {
	dobin u
}
