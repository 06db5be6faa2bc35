EAPI=8

DESCRIPTION="TCP/IP emulation for virtual machines"
HOMEPAGE="https://gitlab.freedesktop.org/slirp/libslirp"
SRC_URI="mirror://debian/pool/main/libs/libslirp/libslirp_4.7.0.orig.tar.bz2"
S="${WORKDIR}/libslirp-v${PV}"

LICENSE="BSD"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="
	app-alternatives/ninja
	dev-build/meson
	virtual/pkgconfig
"
# what libslirp-without-glib forgets
[[ ${PN} == *-without-* ]] || DEPEND+=" dev-libs/glib:2"

src_configure() {
	meson setup --prefix=/usr --libdir=lib64 --buildtype=plain --wrap-mode=nodownload build || die "meson failed"
}

src_compile() {
	meson compile -C build || die
}

src_install() {
	DESTDIR=${D} meson install --no-rebuild -C build || die
}
