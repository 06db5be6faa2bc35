EAPI=8

DESCRIPTION="a feature that is automatic"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/meson app-alternatives/ninja virtual/pkgconfig"

src_configure() {
	printf "option('loop', type: 'feature', value: 'auto')\n" > meson_options.txt || die
	printf "project('u', 'c')\nuv = dependency('libuv', required: get_option('loop'))\nif uv.found()\n  add_project_arguments('-DWITH_UV', language: 'c')\nendif\nexecutable('u', 'u.c', dependencies: uv, install: true)\n" > meson.build || die
	printf '#ifdef WITH_UV\n#include <uv.h>\nint main(void) { return uv_version() == 0; }\n#else\nint main(void) { return 0; }\n#endif\n' > u.c || die
	meson setup --prefix=/usr build || die "meson failed"
}

src_compile() {
	ninja -C build || die
}

src_install() {
	DESTDIR=${D} ninja -C build install || die
}
