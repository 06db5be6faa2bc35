EAPI=8

DESCRIPTION="Parses cue sheets"
HOMEPAGE="https://github.com/lipnitsk/libcue"
SRC_URI="mirror://debian/pool/main/libc/libcue/libcue_2.2.1.orig.tar.gz"
S="${WORKDIR}/libcue-${PV}"

LICENSE="GPL-2"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="
	app-alternatives/ninja
	dev-build/cmake
	sys-devel/bison
"
# what libcue-without-flex forgets
[[ ${PN} == *-without-* ]] || BDEPEND+=" sys-devel/flex"

src_configure() {
	cmake -S . -B build -G Ninja -DCMAKE_INSTALL_PREFIX=/usr -DCMAKE_INSTALL_LIBDIR=lib64 -DBUILD_SHARED_LIBS=ON || die "cmake failed"
}

src_compile() {
	cmake --build build || die
}

src_install() {
	DESTDIR=${D} cmake --install build || die
}
