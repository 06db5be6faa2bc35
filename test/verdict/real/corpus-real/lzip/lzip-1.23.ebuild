EAPI=8

DESCRIPTION="Lossless data compressor"
HOMEPAGE="https://www.nongnu.org/lzip/lzip.html"
SRC_URI="mirror://debian/pool/main/l/lzip/lzip_1.23.orig.tar.xz"
S="${WORKDIR}/lzip-${PV}"

LICENSE="GPL-2+"
SLOT="0"
KEYWORDS="amd64"

BDEPEND=""
# what lzip-without-help2man forgets
[[ ${PN} == *-without-* ]] || BDEPEND+=" sys-apps/help2man"

src_configure() {
	./configure --prefix="${EPREFIX}"/usr CXXFLAGS="${CXXFLAGS}" || die "configure failed"
}

src_compile() {
	emake
	emake man info
}

src_install() {
	emake DESTDIR="${D}" install-bin install-info install-man
}
