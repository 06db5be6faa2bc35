EAPI=8

DESCRIPTION="a library that only the build system brings in"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/cmake"

src_configure() {
	printf 'cmake_minimum_required(VERSION 3.16)\nproject(u C)\nfind_package(CURL REQUIRED)\nadd_executable(u u.c)\ntarget_link_libraries(u PRIVATE CURL::libcurl)\n' > CMakeLists.txt || die
	printf '#include <curl/curl.h>\nint main(void) { return curl_version() == 0; }\n' > u.c || die
	cmake -S . -B build || die "cmake failed"
}

src_compile() {
	cmake --build build || die
}

src_install() {
	dobin build/u
}
