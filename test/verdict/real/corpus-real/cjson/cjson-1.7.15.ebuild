EAPI=8

DESCRIPTION="JSON in C"
HOMEPAGE="https://tracker.debian.org/pkg/cjson"
SRC_URI="mirror://debian/pool/main/c/cjson/cjson_1.7.15.orig.tar.gz"
S="${WORKDIR}/cJSON-${PV}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="app-alternatives/ninja"
# what cjson-without-cmake forgets
[[ ${PN} == *-without-* ]] || BDEPEND+=" dev-build/cmake"

src_configure() {
	cmake -S . -B build -G Ninja -DCMAKE_INSTALL_PREFIX="${EPREFIX}"/usr -DENABLE_CJSON_TEST=no || die "cmake failed"
}

src_compile() {
	ninja -C build || die
}

src_install() {
	DESTDIR="${D}" ninja -C build install || die
}
