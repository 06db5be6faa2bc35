EAPI=8

DESCRIPTION="find_package(SWIG) of CMake"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/cmake app-alternatives/ninja"

src_configure() {
	cat > CMakeLists.txt <<-'END' || die
		cmake_minimum_required(VERSION 3.20)
		project(u C)
		find_package(SWIG 3 REQUIRED)
		add_custom_command(OUTPUT u_wrap.c DEPENDS u.i
		  COMMAND ${SWIG_EXECUTABLE} -lua -o u_wrap.c ${CMAKE_SOURCE_DIR}/u.i)
		add_custom_target(wrap ALL DEPENDS u_wrap.c)
		install(FILES ${CMAKE_BINARY_DIR}/u_wrap.c TYPE DATA)
	END
	printf '%%module u\nint answer(void);\n' > u.i || die
	cmake -G Ninja -DCMAKE_INSTALL_PREFIX=/usr . || die "cmake failed"
}

src_compile() {
	ninja || die
}

src_install() {
	DESTDIR=${D} ninja install || die
}
