EAPI=8

DESCRIPTION="find_library() of the compiler"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/meson app-alternatives/ninja"

src_configure() {
	printf "project('u', 'c')\nevent = meson.get_compiler('c').find_library('event')\nexecutable('u', 'u.c', dependencies: event, install: true)\n" > meson.build || die
	printf 'const char *event_get_version(void);\nint main(void) { return event_get_version() == 0; }\n' > u.c || die
	meson setup --prefix=/usr build || die "meson failed"
}

src_compile() {
	ninja -C build || die
}

src_install() {
	DESTDIR=${D} ninja -C build install || die
}
