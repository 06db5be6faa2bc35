EAPI=8

DESCRIPTION="__has_include switches a feature on"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	cat > u.c <<-'END' || die
		#if __has_include(<uv.h>)
		#include <uv.h>
		const char *backend = "libuv " UV_STRINGIFY_VERSION;
		#else
		const char *backend = "poll";
		#endif
		int main(void) { return backend[0] == 0; }
	END
	gcc ${CFLAGS} -DUV_STRINGIFY_VERSION='"1"' -o u u.c || die "compile failed"
}

src_install() {
	dobin u
}
