EAPI=8

DESCRIPTION="modules of CMake that look for many tools"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/cmake app-alternatives/ninja"

src_configure() {
	cat > CMakeLists.txt <<-'END' || die
		cmake_minimum_required(VERSION 3.20)
		project(u VERSION 1 LANGUAGES C CXX)
		include(CTest)
		include(CPack)
		include(CheckIncludeFiles)
		include(CheckSymbolExists)
		check_include_files("util.h;md5.h" HAVE_UTIL_H)
		check_symbol_exists(strlcpy string.h HAVE_STRLCPY)
		find_package(Threads REQUIRED)
		find_package(Python3 COMPONENTS Interpreter)
		add_executable(u u.c)
		add_test(NAME u COMMAND u)
		install(TARGETS u)
	END
	printf 'int main(void) { return 0; }\n' > u.c || die
	cmake -S . -B build -G Ninja -DCMAKE_INSTALL_PREFIX=/usr || die "cmake failed"
}

src_compile() {
	ninja -C build || die
	ninja -C build test || die
}

src_install() {
	DESTDIR=${D} ninja -C build install || die
}
