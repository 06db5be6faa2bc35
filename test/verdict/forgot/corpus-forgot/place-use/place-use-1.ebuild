EAPI=8

DESCRIPTION="declared under a USE flag that is off, and used all the same"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"
IUSE="loop"

DEPEND="loop? ( dev-libs/libuv )"

src_compile() {
	printf '#include <uv.h>\nint main(void) { return uv_version() == 0; }\n' > u.c || die
	gcc ${CFLAGS} -o u u.c -luv || die "compile failed"
}

src_install() {
	dobin u
}
