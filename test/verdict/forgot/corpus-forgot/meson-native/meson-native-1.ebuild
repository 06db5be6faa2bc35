EAPI=8

DESCRIPTION="a tool as a native dependency by its .pc file"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

DEPEND="dev-libs/glib:2"
BDEPEND="dev-build/meson app-alternatives/ninja virtual/pkgconfig"

src_configure() {
	cat > meson.build <<-'END' || die
		project('u', 'c')
		dependency('gobject-2.0')
		introspection = dependency('gobject-introspection-1.0', native: true)
		scanner = find_program(introspection.get_variable('g_ir_scanner'), native: true)
		custom_target('version', output: 'version.txt', capture: true, install: true, install_dir: 'share/u',
		  command: [scanner, '--version'])
	END
	meson setup --prefix=/usr build || die "meson failed"
}

src_compile() {
	ninja -C build || die
}

src_install() {
	DESTDIR=${D} ninja -C build install || die
}
