EAPI=8

DESCRIPTION="find_package(QUIET) of a package's own configuration, with an effect"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/cmake app-alternatives/ninja"

src_configure() {
	cat > CMakeLists.txt <<-'END' || die
		cmake_minimum_required(VERSION 3.20)
		project(u CXX)
		find_package(nlohmann_json QUIET)
		add_executable(u u.cc)
		if(nlohmann_json_FOUND)
		  target_compile_definitions(u PRIVATE WITH_JSON)
		  target_link_libraries(u nlohmann_json::nlohmann_json)
		endif()
		install(TARGETS u)
	END
	cat > u.cc <<-'END' || die
		#ifdef WITH_JSON
		#include <nlohmann/json.hpp>
		int main() { return nlohmann::json::parse("[1]").size() != 1; }
		#else
		int main() { return 0; }
		#endif
	END
	cmake -G Ninja -DCMAKE_INSTALL_PREFIX=/usr . || die "cmake failed"
}

src_compile() {
	ninja || die
}

src_install() {
	DESTDIR=${D} ninja install || die
}
