EAPI=8

DESCRIPTION="modules of meson and its own tools"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

DEPEND="dev-libs/glib:2"
RDEPEND="${DEPEND}"
BDEPEND="dev-build/meson app-alternatives/ninja dev-util/glib-utils virtual/pkgconfig"

src_configure() {
	cat > meson.build <<-'END' || die
		project('u', 'c', version: '1')
		gnome = import('gnome')
		enums = gnome.mkenums_simple('u-enums', sources: 'u.h')
		glib = dependency('gobject-2.0')
		dependency('nowhere', required: false)
		find_program('scdoc', required: false)
		lib = library('u', 'u.c', enums, dependencies: glib, version: '1', install: true)
		import('pkgconfig').generate(lib, description: 'u')
		install_man('u.3')
	END
	printf '#include <glib-object.h>\ntypedef enum { U_A, U_B } UKind;\nint u(void);\n' > u.h || die
	printf '#include "u.h"\nint u(void) { return U_A; }\n' > u.c || die
	echo '.TH u 3' > u.3 || die
	meson setup --prefix=/usr --buildtype=plain build || die "meson failed"
}

src_compile() {
	ninja -C build || die
}

src_install() {
	DESTDIR=${D} ninja -C build install || die
}
