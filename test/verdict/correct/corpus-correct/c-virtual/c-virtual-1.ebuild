EAPI=8

DESCRIPTION="a virtual is declared, another package has the files"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

DEPEND="virtual/libudev virtual/zlib"
RDEPEND="${DEPEND}"

src_compile() {
	printf '#include <libudev.h>\n#include <zlib.h>\nint main(void) { return udev_new() == 0 || zlibVersion() == 0; }\n' > u.c || die
	gcc ${CFLAGS} -o u u.c -ludev -lz || die "compile failed"
}

src_install() {
	dobin u
}
