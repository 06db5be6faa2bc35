EAPI=8

DESCRIPTION="header and library with a version in their names"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	printf '#include <lua.h>\n#include <lauxlib.h>\nint main(void) { return luaL_newstate() == 0; }\n' > u.c || die
	gcc ${CFLAGS} -I/usr/include/lua5.4 -o u u.c -llua5.4 || die "compile failed"
}

src_install() {
	dobin u
}
