EAPI=8

DESCRIPTION="dependency() by the method cmake"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

DEPEND="dev-cpp/yaml-cpp"
BDEPEND="dev-build/meson app-alternatives/ninja"

src_configure() {
	printf "project('u', 'cpp')\ndependency('yaml-cpp', method: 'cmake')\n" > meson.build || die
	meson setup build || die "meson failed"
}

src_compile() {
	:
}

src_install() {
	:
}
