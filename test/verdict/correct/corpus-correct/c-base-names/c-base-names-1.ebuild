EAPI=8

DESCRIPTION="words that name a file by its last part"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	cat parser.h scan.c 2>&1 || :
	printf '#include "lib/uv.h"\n' > probe.c || die
	gcc -E probe.c > /dev/null || echo "no lib/uv.h, as it should be"
	printf 'int main(void) { return 0; }\n' > u.c || die
	gcc ${CFLAGS} -o u u.c || die
}

src_install() {
	dobin u
}
