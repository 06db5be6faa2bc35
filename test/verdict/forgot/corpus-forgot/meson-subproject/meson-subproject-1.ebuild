EAPI=8

DESCRIPTION="a subproject would stand in for the library and is not there"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/meson app-alternatives/ninja virtual/pkgconfig"

src_configure() {
	echo 'int main(void) { return 0; }' > u.c || die
	printf "project('u', 'c')\nuv = dependency('libuv', version: '>=1.0', fallback: ['libuv', 'libuv_dep'])\nexecutable('u', 'u.c', dependencies: uv)\n" > meson.build || die
	meson setup --wrap-mode=nodownload build || die "meson failed"
}

src_compile() {
	:
}

src_install() {
	:
}
