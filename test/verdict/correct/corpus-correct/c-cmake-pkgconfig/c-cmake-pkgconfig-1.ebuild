EAPI=8

DESCRIPTION="modules of CMake that ask pkg-config when it is there"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

DEPEND="net-misc/curl dev-libs/libxml2"
RDEPEND="${DEPEND}"
BDEPEND="dev-build/cmake app-alternatives/ninja"

src_configure() {
	printf 'cmake_minimum_required(VERSION 3.20)\nproject(u C)\nfind_package(CURL REQUIRED)\nfind_package(LibXml2 REQUIRED)\nadd_executable(u u.c)\ntarget_link_libraries(u CURL::libcurl LibXml2::LibXml2)\ninstall(TARGETS u)\n' > CMakeLists.txt || die
	printf '#include <curl/curl.h>\n#include <libxml/xmlversion.h>\nint main(void) { LIBXML_TEST_VERSION return curl_version() == 0; }\n' > u.c || die
	cmake -S . -B build -G Ninja -DCMAKE_INSTALL_PREFIX=/usr || die "cmake failed"
}

src_compile() {
	ninja -C build || die
}

src_install() {
	DESTDIR=${D} ninja -C build install || die
}
