EAPI=8

DESCRIPTION="data of a declared package, by a variable of its .pc file"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-util/wayland-scanner dev-libs/wayland-protocols virtual/pkgconfig"

src_compile() {
	local protocols=$(pkg-config --variable=pkgdatadir wayland-protocols)
	wayland-scanner client-header "${protocols}"/stable/xdg-shell/xdg-shell.xml xdg-shell.h || die "wayland-scanner failed"
}

src_install() {
	doheader xdg-shell.h
}
