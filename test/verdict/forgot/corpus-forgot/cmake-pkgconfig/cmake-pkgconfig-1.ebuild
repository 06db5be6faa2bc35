EAPI=8

DESCRIPTION="pkg_check_modules(REQUIRED) in CMake"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/cmake app-alternatives/ninja virtual/pkgconfig"

src_configure() {
	cat > CMakeLists.txt <<-'END' || die
		cmake_minimum_required(VERSION 3.20)
		project(u C)
		find_package(PkgConfig REQUIRED)
		pkg_check_modules(CMARK REQUIRED IMPORTED_TARGET libcmark>=0.29)
		add_executable(u u.c)
		target_link_libraries(u PkgConfig::CMARK)
		install(TARGETS u)
	END
	printf '#include <cmark.h>\nint main(void) { return cmark_version() == 0; }\n' > u.c || die
	cmake -G Ninja -DCMAKE_INSTALL_PREFIX=/usr . || die "cmake failed"
}

src_compile() {
	ninja || die
}

src_install() {
	DESTDIR=${D} ninja install || die
}
