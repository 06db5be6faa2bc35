EAPI=8

DESCRIPTION="find_program of a scanner whose library is declared"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

DEPEND="dev-libs/wayland"
BDEPEND="dev-build/meson app-alternatives/ninja"

src_configure() {
	printf "project('u', 'c')\ns = find_program('wayland-scanner')\ncustom_target('u.h', input: 'u.xml', output: 'u.h', command: [s, 'client-header', '@INPUT@', '@OUTPUT@'], build_by_default: true)\n" > meson.build || die
	printf '<protocol name="u"><interface name="u" version="1"/></protocol>\n' > u.xml || die
	meson setup build || die "meson failed"
}

src_compile() {
	ninja -C build || die
}

src_install() {
	doheader build/u.h
}
