EAPI=8

DESCRIPTION="the program that CMake's generator needs"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/cmake"

src_configure() {
	printf 'cmake_minimum_required(VERSION 3.20)\nproject(u C)\nadd_executable(u u.c)\ninstall(TARGETS u)\n' > CMakeLists.txt || die
	printf 'int main(void) { return 0; }\n' > u.c || die
	cmake -G Ninja -DCMAKE_INSTALL_PREFIX=/usr . || die "cmake failed"
}

src_compile() {
	ninja || die
}

src_install() {
	DESTDIR=${D} ninja install || die
}
