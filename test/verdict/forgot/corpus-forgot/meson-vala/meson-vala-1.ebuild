EAPI=8

DESCRIPTION="a language without its compiler"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

DEPEND="dev-libs/glib:2"
BDEPEND="dev-build/meson app-alternatives/ninja virtual/pkgconfig"

src_configure() {
	printf "project('u', 'vala', 'c')\nexecutable('u', 'u.vala', dependencies: [dependency('glib-2.0'), dependency('gobject-2.0')], install: true)\n" > meson.build || die
	printf 'int main() { print("u\\n"); return 0; }\n' > u.vala || die
	meson setup --prefix=/usr build || die "meson failed"
}

src_compile() {
	ninja -C build || die
}

src_install() {
	DESTDIR=${D} ninja -C build install || die
}
