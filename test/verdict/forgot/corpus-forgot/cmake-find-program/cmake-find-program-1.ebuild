EAPI=8

DESCRIPTION="find_program without a check: the build runs NOTFOUND"
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
		find_program(GPERF_EXECUTABLE gperf)
		add_custom_command(OUTPUT words.c DEPENDS words.gperf
		  COMMAND ${GPERF_EXECUTABLE} --output-file=words.c ${CMAKE_SOURCE_DIR}/words.gperf)
		add_executable(u u.c words.c)
		install(TARGETS u)
	END
	printf '%%includes\n%%%%\none\ntwo\n' > words.gperf || die
	printf 'int main(void) { return 0; }\n' > u.c || die
	cmake -G Ninja -DCMAKE_INSTALL_PREFIX=/usr . || die "cmake failed"
}

src_compile() {
	ninja || die
}

src_install() {
	DESTDIR=${D} ninja install || die
}
