EAPI=8

DESCRIPTION="a header that includes other packages' headers"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

DEPEND="dev-libs/libxml2 media-libs/freetype"
RDEPEND="${DEPEND}"
BDEPEND="virtual/pkgconfig"

src_compile() {
	printf '#include <libxml/tree.h>\n#include <ft2build.h>\n#include FT_FREETYPE_H\nint main(void) { FT_Library l; return FT_Init_FreeType(&l) || xmlNewDoc(0) == 0; }\n' > u.c || die
	gcc ${CFLAGS} -o u u.c $(pkg-config --cflags --libs libxml-2.0 freetype2) || die "compile failed"
}

src_install() {
	dobin u
}
