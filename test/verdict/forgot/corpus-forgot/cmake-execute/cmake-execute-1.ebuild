EAPI=8

DESCRIPTION="execute_process imports a module and the project complains"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/cmake app-alternatives/ninja"

src_configure() {
	cat > CMakeLists.txt <<-'END' || die
		cmake_minimum_required(VERSION 3.16)
		project(u NONE)
		find_package(Python3 COMPONENTS Interpreter REQUIRED)
		execute_process(COMMAND ${Python3_EXECUTABLE} -c "import jinja2" RESULT_VARIABLE r OUTPUT_QUIET ERROR_QUIET)
		if(r)
		  message(FATAL_ERROR "Python templates cannot be rendered")
		endif()
	END
	cmake -S . -B build -G Ninja || die "cmake failed"
}

src_compile() {
	:
}

src_install() {
	:
}
