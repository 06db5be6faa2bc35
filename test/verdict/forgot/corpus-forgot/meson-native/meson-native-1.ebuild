EAPI=8

DESCRIPTION="a tool as a native dependency by its .pc file"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/meson app-alternatives/ninja virtual/pkgconfig"

src_configure() {
	cat > meson.build <<-'END' || die
		project('u', 'c')
		scanner = dependency('wayland-scanner', native: true)
		custom_target('u.h', input: 'u.xml', output: 'u-client-protocol.h', install: true, install_dir: 'include',
		  command: [scanner.get_variable('wayland_scanner'), 'client-header', '@INPUT@', '@OUTPUT@'])
	END
	printf '<?xml version="1.0"?>\n<protocol name="u"><interface name="u" version="1"><request name="go"/></interface></protocol>\n' > u.xml || die
	meson setup --prefix=/usr build || die "meson failed"
}

src_compile() {
	ninja -C build || die
}

src_install() {
	DESTDIR=${D} ninja -C build install || die
}
