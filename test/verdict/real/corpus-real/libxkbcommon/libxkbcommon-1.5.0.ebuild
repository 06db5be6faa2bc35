EAPI=8

DESCRIPTION="Keymap compiler and registry"
HOMEPAGE="https://xkbcommon.org/"
SRC_URI="mirror://debian/pool/main/libx/libxkbcommon/libxkbcommon_1.5.0.orig.tar.xz"
S="${WORKDIR}/libxkbcommon-${PV}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

DEPEND="
	dev-libs/libxml2:2
	x11-misc/xkeyboard-config
"
BDEPEND="
	app-alternatives/ninja
	dev-build/meson
	virtual/pkgconfig
"
# what libxkbcommon-without-bison forgets
[[ ${PN} == *-without-* ]] || BDEPEND+=" sys-devel/bison"

src_configure() {
	meson setup --prefix=/usr --libdir=lib64 --buildtype=plain --wrap-mode=nodownload -Denable-x11=false -Denable-wayland=false -Denable-docs=false build || die "meson failed"
}

src_compile() {
	meson compile -C build || die
}

src_install() {
	DESTDIR=${D} meson install --no-rebuild -C build || die
}
