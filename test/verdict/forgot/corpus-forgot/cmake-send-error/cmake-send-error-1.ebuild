EAPI=8

DESCRIPTION="find_program, and SEND_ERROR in the project's words"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/cmake app-alternatives/ninja"

src_configure() {
	printf 'cmake_minimum_required(VERSION 3.16)\nproject(u NONE)\nfind_program(XSLT NAMES xsltproc)\nif(NOT XSLT)\n  message(SEND_ERROR "the stylesheet processor was not found")\nendif()\n' > CMakeLists.txt || die
	cmake -S . -B build -G Ninja || die "cmake failed"
}

src_compile() {
	:
}

src_install() {
	:
}
