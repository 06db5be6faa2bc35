EAPI=8

DESCRIPTION="find_package of a module that comes with CMake"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/cmake app-alternatives/ninja"

src_configure() {
	printf 'cmake_minimum_required(VERSION 3.20)\nproject(u C)\nfind_package(PNG REQUIRED)\nadd_executable(u u.c)\ntarget_link_libraries(u PNG::PNG)\ninstall(TARGETS u)\n' > CMakeLists.txt || die
	printf '#include <png.h>\nint main(void) { return png_access_version_number() == 0; }\n' > u.c || die
	cmake -G Ninja -DCMAKE_INSTALL_PREFIX=/usr . || die "cmake failed"
}

src_compile() {
	ninja || die
}

src_install() {
	DESTDIR=${D} ninja install || die
}
