EAPI=8

AUTOTOOLS_AUTO_DEPEND=no # it asks for newer versions than Debian has
WANT_AUTOCONF=2.71 WANT_AUTOMAKE=1.16
inherit autotools

DESCRIPTION="Parses command line options"
HOMEPAGE="https://github.com/rpm-software-management/popt"
SRC_URI="mirror://debian/pool/main/p/popt/popt_1.19+dfsg.orig.tar.xz"
S="${WORKDIR}/popt-${PV}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="
	dev-build/autoconf
	dev-build/automake
	dev-build/libtool
"
# what popt-without-gettext forgets
[[ ${PN} == *-without-* ]] || BDEPEND+=" sys-devel/gettext"

src_prepare() {
	default
	# Debian has no elt-patches
	AT_NOELIBTOOLIZE=yes eautoreconf
}

src_configure() {
	econf --disable-static --disable-werror
}

src_install() {
	default
	find "${ED}" -name '*.la' -delete || die
}
