EAPI=8

DESCRIPTION="XSLT 1.0 library"
HOMEPAGE="https://gitlab.gnome.org/GNOME/libxslt"
SRC_URI="mirror://debian/pool/main/libx/libxslt/libxslt_1.1.35.orig.tar.xz"
S="${WORKDIR}/libxslt-${PV}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="virtual/pkgconfig"
# what libxslt-without-libxml2 forgets
[[ ${PN} == *-without-* ]] || DEPEND+=" dev-libs/libxml2:2"

src_configure() {
	econf --disable-static --without-python --without-crypto
}

src_install() {
	default
	find "${ED}" -name '*.la' -delete || die
}
