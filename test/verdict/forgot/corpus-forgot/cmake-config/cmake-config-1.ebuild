EAPI=8

DESCRIPTION="find_package of a package's own configuration"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/cmake app-alternatives/ninja"

src_configure() {
	printf 'cmake_minimum_required(VERSION 3.20)\nproject(u CXX)\nfind_package(yaml-cpp 0.6 REQUIRED)\nadd_executable(u u.cc)\ntarget_link_libraries(u yaml-cpp)\ninstall(TARGETS u)\n' > CMakeLists.txt || die
	printf '#include <yaml-cpp/yaml.h>\nint main() { return !YAML::Load("[1]").IsSequence(); }\n' > u.cc || die
	cmake -G Ninja -DCMAKE_INSTALL_PREFIX=/usr . || die "cmake failed"
}

src_compile() {
	ninja || die
}

src_install() {
	DESTDIR=${D} ninja install || die
}
