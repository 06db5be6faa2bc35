EAPI=8

DESCRIPTION="documentation is made when Doxygen is there"
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
		find_package(Doxygen)
		if(DOXYGEN_FOUND)
		  set(DOXYGEN_GENERATE_HTML NO)
		  set(DOXYGEN_GENERATE_MAN YES)
		  set(DOXYGEN_QUIET YES)
		  doxygen_add_docs(doc ${CMAKE_SOURCE_DIR}/u.h ALL)
		  install(DIRECTORY ${CMAKE_BINARY_DIR}/man DESTINATION share)
		endif()
		install(FILES u.h TYPE INCLUDE)
	END
	printf '/** @file */\n/** Does nothing. */\nvoid u(void);\n' > u.h || die
	cmake -S . -B build -G Ninja -DCMAKE_INSTALL_PREFIX=/usr || die "cmake failed"
}

src_compile() {
	ninja -C build || die
}

src_install() {
	DESTDIR=${D} ninja -C build install || die
}
