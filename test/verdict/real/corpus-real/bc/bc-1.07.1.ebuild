EAPI=8

DESCRIPTION="A calculator"
HOMEPAGE="https://tracker.debian.org/pkg/bc"
SRC_URI="mirror://debian/pool/main/b/bc/bc_1.07.1.orig.tar.gz"
S="${WORKDIR}/bc-${PV}"

LICENSE="GPL-3+"
SLOT="0"
KEYWORDS="amd64"

DEPEND="sys-libs/readline"
BDEPEND="sys-devel/flex sys-apps/texinfo"
# what bc-without-ed forgets
[[ ${PN} == *-without-* ]] || BDEPEND+=" sys-apps/ed"

src_configure() {
	econf --with-readline
}

src_compile() {
	emake -j1
}
