EAPI=8

DESCRIPTION="Unicode bidirectional algorithm"
HOMEPAGE="https://github.com/fribidi/fribidi"
SRC_URI="mirror://debian/pool/main/f/fribidi/fribidi_1.0.8.orig.tar.bz2"
S="${WORKDIR}/fribidi-${PV}"

LICENSE="LGPL-2.1+"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="app-alternatives/ninja"
# what fribidi-without-meson forgets
[[ ${PN} == *-without-* ]] || BDEPEND+=" dev-build/meson"

src_configure() {
	meson setup --prefix=/usr --libdir=lib64 --buildtype=plain --wrap-mode=nodownload -Ddocs=false build || die "meson failed"
}

src_compile() {
	meson compile -C build || die
}

src_install() {
	DESTDIR=${D} meson install --no-rebuild -C build || die
}
