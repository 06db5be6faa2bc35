EAPI=8

DESCRIPTION="find_path and find_library switch a feature on"
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
		find_path(EVENT_INCLUDE_DIR event2/event.h)
		find_library(EVENT_LIBRARY event)
		add_executable(u u.c)
		if(EVENT_INCLUDE_DIR AND EVENT_LIBRARY)
		  target_compile_definitions(u PRIVATE WITH_EVENT)
		  target_link_libraries(u ${EVENT_LIBRARY})
		endif()
		install(TARGETS u)
	END
	printf '#ifdef WITH_EVENT\n#include <event2/event.h>\nint main(void) { return event_get_version() == 0; }\n#else\nint main(void) { return 0; }\n#endif\n' > u.c || die
	cmake -G Ninja -DCMAKE_INSTALL_PREFIX=/usr . || die "cmake failed"
}

src_compile() {
	ninja || die
}

src_install() {
	DESTDIR=${D} ninja install || die
}
