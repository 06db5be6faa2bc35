EAPI=8

DESCRIPTION="packages in branches that are not reached, beside one that is listed"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

DEPEND="dev-cpp/nlohmann_json"
BDEPEND="dev-build/cmake"

src_configure() {
	cat > CMakeLists.txt <<-'END' || die
		cmake_minimum_required(VERSION 3.16)
		project(u CXX)
		option(TESTS "" OFF)
		find_package(nlohmann_json REQUIRED)
		if(TESTS)
		  find_package(GTest REQUIRED)
		  find_package(yaml-cpp)
		  find_library(UV uv)
		endif()
		add_executable(u u.cc)
		target_link_libraries(u PRIVATE nlohmann_json::nlohmann_json)
		install(TARGETS u DESTINATION bin)
	END
	printf '#include <nlohmann/json.hpp>\nint main() { return nlohmann::json::parse("1") != 1; }\n' > u.cc || die
	cmake -S . -B build -DCMAKE_INSTALL_PREFIX=/usr || die "cmake failed"
}

src_compile() {
	cmake --build build || die
}

src_install() {
	DESTDIR="${D}" cmake --install build || die
}
