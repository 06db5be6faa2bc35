EAPI=8

DESCRIPTION="a static library by the name of its file"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	printf 'unsigned uv_version(void);\nint main(void) { return uv_version() == 0; }\n' > u.c || die
	gcc ${CFLAGS} -o u u.c -l:libuv.a || die "link failed"
}

src_install() {
	dobin u
}
