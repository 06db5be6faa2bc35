EAPI=8

DESCRIPTION="a2x, found by CMake, or else the manual is left out"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/cmake app-alternatives/ninja"

src_configure() {
	cat > CMakeLists.txt <<-'END' || die
		cmake_minimum_required(VERSION 3.20)
		project(u NONE)
		find_program(ASCIIDOC asciidoc)
		if(ASCIIDOC)
		  add_custom_command(OUTPUT u.html DEPENDS u.txt COMMAND ${ASCIIDOC} -o u.html ${CMAKE_SOURCE_DIR}/u.txt)
		  add_custom_target(doc ALL DEPENDS u.html)
		  install(FILES ${CMAKE_BINARY_DIR}/u.html TYPE DOC)
		endif()
		install(FILES u.txt TYPE DOC)
	END
	printf 'u\n=\n\nNothing.\n' > u.txt || die
	cmake -S . -B build -G Ninja -DCMAKE_INSTALL_PREFIX=/usr || die "cmake failed"
}

src_compile() {
	ninja -C build || die
}

src_install() {
	DESTDIR=${D} ninja -C build install || die
}
