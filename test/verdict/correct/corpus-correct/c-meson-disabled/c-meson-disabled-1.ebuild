EAPI=8

DESCRIPTION="features that are switched off"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/meson app-alternatives/ninja"

src_configure() {
	printf "option('uv', type: 'feature')\noption('docs', type: 'feature')\noption('tests', type: 'boolean', value: true)\n" > meson_options.txt || die
	printf "project('u', 'c')\nuv = dependency('libuv', required: get_option('uv'))\na = find_program('asciidoctor', 'scdoc', required: get_option('docs'))\nif get_option('tests')\n  dependency('cmocka')\nendif\nexecutable('u', 'u.c', install: true)\n" > meson.build || die
	echo 'int main(void) { return 0; }' > u.c || die
	meson setup --prefix=/usr -Duv=disabled -Ddocs=disabled -Dtests=false build || die "meson failed"
}

src_compile() {
	ninja -C build || die
}

src_install() {
	DESTDIR="${D}" meson install --no-rebuild -C build || die
}
