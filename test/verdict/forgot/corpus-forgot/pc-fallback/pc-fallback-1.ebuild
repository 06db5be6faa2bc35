EAPI=8

DESCRIPTION="a directory that pkg-config knows, or else one of its own"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="virtual/pkgconfig"

src_compile() {
	printf 'DIR := $(shell pkg-config --variable=pkgdatadir wayland-protocols 2>/dev/null || echo protocols)\nu.txt:\n\techo $(DIR) > $@\n' > Makefile || die
	emake u.txt
}

src_install() {
	dodoc u.txt
}
