EAPI=8

DESCRIPTION="dependency() by pkg-config"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/meson app-alternatives/ninja virtual/pkgconfig"

src_configure() {
	printf "project('u', 'c')\nexecutable('u', 'u.c', dependencies: dependency('yaml-0.1'), install: true)\n" > meson.build || die
	printf '#include <yaml.h>\nint main(void) { return yaml_get_version_string() == 0; }\n' > u.c || die
	meson setup --prefix=/usr build || die "meson failed"
}

src_compile() {
	ninja -C build || die
}

src_install() {
	DESTDIR=${D} ninja -C build install || die
}
