EAPI=8

DESCRIPTION="a pkg-config module that only a dependency's dependency brings in"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

DEPEND="media-libs/freetype"
BDEPEND="virtual/pkgconfig"

src_compile() {
	printf '#include <ft2build.h>\n#include FT_FREETYPE_H\n#include <png.h>\nint main(void) { FT_Library l; return FT_Init_FreeType(&l) || png_access_version_number() == 0; }\n' > u.c || die
	gcc ${CFLAGS} -o u u.c $(pkg-config --cflags --libs freetype2 libpng) || die "compile failed"
}

src_install() {
	dobin u
}
