EAPI=8

DESCRIPTION="C library for JSON"
HOMEPAGE="https://github.com/json-c/json-c"
SRC_URI="mirror://debian/pool/main/j/json-c/json-c_0.16.orig.tar.gz"
S="${WORKDIR}/json-c-json-c-${PV}-20220414"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="
	app-alternatives/ninja
	dev-build/cmake
"
# what json-c-without-doxygen forgets
[[ ${PN} == *-without-* ]] || BDEPEND+=" app-text/doxygen"

src_configure() {
	cmake -S . -B build -G Ninja -DCMAKE_INSTALL_PREFIX=/usr -DCMAKE_INSTALL_LIBDIR=lib64 -DBUILD_STATIC_LIBS=OFF || die "cmake failed"
}

src_compile() {
	cmake --build build || die
	cmake --build build --target doc || die "no documentation"
}

src_install() {
	DESTDIR=${D} cmake --install build || die
}
