EAPI=8

DESCRIPTION="the compiler lists what files include"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	printf 'int main(void) { return 0; }\n' > u.c || die
	printf '#include <uv.h>\n' > loop.c || die
	printf 'u: u.c .depend\n\t$(CC) $(CFLAGS) -o $@ u.c\n.depend: u.c loop.c\n\t-$(CC) -M $^ > $@\n' > Makefile || die
	emake CC=gcc
}

src_install() {
	dobin u
}
