EAPI=8

AUTOTOOLS_AUTO_DEPEND=no # it asks for newer versions than Debian has
WANT_AUTOCONF=2.71 WANT_AUTOMAKE=1.16
inherit autotools

DESCRIPTION="C library for JSON"
HOMEPAGE="https://www.digip.org/jansson/"
SRC_URI="mirror://debian/pool/main/j/jansson/jansson_2.14.orig.tar.gz"
S="${WORKDIR}/jansson-${PV}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="
	dev-build/autoconf
	dev-build/automake
"
# what jansson-without-libtool forgets
[[ ${PN} == *-without-* ]] || BDEPEND+=" dev-build/libtool"

src_prepare() {
	default
	# Debian has no elt-patches
	AT_NOELIBTOOLIZE=yes eautoreconf
}

src_configure() {
	econf --disable-static
}

src_install() {
	default
	find "${ED}" -name '*.la' -delete || die
}
