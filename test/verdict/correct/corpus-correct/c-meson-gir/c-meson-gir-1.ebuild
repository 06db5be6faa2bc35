EAPI=8

DESCRIPTION="introspection and Vala in meson"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

RDEPEND="dev-libs/glib"
DEPEND="dev-libs/glib dev-libs/gobject-introspection"
BDEPEND="dev-build/meson app-alternatives/ninja virtual/pkgconfig dev-lang/vala dev-libs/gobject-introspection dev-util/glib-utils"

src_configure() {
	printf "project('u', 'c', 'vala', version: '1')\ngnome = import('gnome')\npkg = import('pkgconfig')\nglib = dependency('gobject-2.0')\nlib = library('u', 'u.c', dependencies: glib, install: true)\ngnome.generate_gir(lib, sources: ['u.c', 'u.h'], namespace: 'U', nsversion: '1.0', includes: ['GObject-2.0'], install: true)\npkg.generate(lib)\nexecutable('v', 'v.vala', dependencies: glib, install: true)\ngnome.mkenums_simple('e', sources: 'u.h')\n" > meson.build || die
	printf '#include <glib-object.h>\ntypedef enum { U_A, U_B } UKind;\nint u_one(void);\n' > u.h || die
	printf '#include "u.h"\nint u_one(void) { return 1; }\n' > u.c || die
	printf 'int main(string[] a) { return 0; }\n' > v.vala || die
	meson setup --prefix=/usr build || die "meson failed"
}

src_compile() {
	ninja -C build || die
}

src_install() {
	DESTDIR="${D}" meson install --no-rebuild -C build || die
}
