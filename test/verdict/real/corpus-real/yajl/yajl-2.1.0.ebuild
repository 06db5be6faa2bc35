EAPI=8

DESCRIPTION="Event-driven JSON parser"
HOMEPAGE="https://lloyd.github.io/yajl/"
SRC_URI="mirror://debian/pool/main/y/yajl/yajl_2.1.0.orig.tar.gz"
S="${WORKDIR}/yajl-${PV}"

LICENSE="ISC"
SLOT="0"
KEYWORDS="amd64"

BDEPEND=""
# what yajl-without-cmake forgets
[[ ${PN} == *-without-* ]] || BDEPEND+=" dev-build/cmake"

src_configure() {
	./configure --prefix="${EPREFIX}"/usr || die "configure failed"
}

src_compile() {
	# the Makefile that configure writes has no such targets for make's job server
	emake -j1
}

src_install() {
	emake -j1 DESTDIR="${D}" install
}
