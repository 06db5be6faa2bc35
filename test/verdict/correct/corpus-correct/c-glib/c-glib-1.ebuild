EAPI=8

DESCRIPTION="headers, .pc files and libraries behind those of a declared library"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

DEPEND="dev-libs/glib:2"
RDEPEND="${DEPEND}"
BDEPEND="virtual/pkgconfig"

src_compile() {
	printf '#include <gio/gio.h>\nint main(void) { g_autoptr(GFile) f = g_file_new_for_path("/"); return f == NULL; }\n' > u.c || die
	gcc ${CFLAGS} -o u u.c $(pkg-config --cflags --libs --static gio-2.0) || gcc ${CFLAGS} -o u u.c $(pkg-config --cflags --libs gio-2.0) || die "compile failed"
}

src_install() {
	dobin u
}
