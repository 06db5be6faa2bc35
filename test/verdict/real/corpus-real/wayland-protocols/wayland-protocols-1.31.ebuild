EAPI=8

DESCRIPTION="Protocols"
HOMEPAGE="https://tracker.debian.org/pkg/wayland-protocols"
SRC_URI="mirror://debian/pool/main/w/wayland-protocols/wayland-protocols_1.31.orig.tar.xz"
S="${WORKDIR}/wayland-protocols-${PV}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

DEPEND="dev-libs/wayland"
BDEPEND="dev-build/meson app-alternatives/ninja virtual/pkgconfig"
# what wayland-protocols-without-wayland-scanner forgets
[[ ${PN} == *-without-* ]] || BDEPEND+=" dev-util/wayland-scanner"

src_configure() {
	meson setup --prefix="${EPREFIX}"/usr build || die "meson failed"
}

src_compile() {
	ninja -C build || die
}

src_install() {
	DESTDIR="${D}" ninja -C build install || die
}
