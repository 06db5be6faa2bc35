EAPI=8

DESCRIPTION="Unit tests for C"
HOMEPAGE="https://cmocka.org/"
SRC_URI="mirror://debian/pool/main/c/cmocka/cmocka_1.1.5.orig.tar.xz"
S="${WORKDIR}/cmocka-${PV}"

LICENSE="Apache-2.0"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="app-alternatives/ninja"
# what cmocka-without-cmake forgets
[[ ${PN} == *-without-* ]] || BDEPEND+=" dev-build/cmake"

src_configure() {
	cmake -S . -B build -G Ninja -DCMAKE_INSTALL_PREFIX=/usr -DCMAKE_INSTALL_LIBDIR=lib64 || die "cmake failed"
}

src_compile() {
	cmake --build build || die
}

src_install() {
	DESTDIR=${D} cmake --install build || die
}
