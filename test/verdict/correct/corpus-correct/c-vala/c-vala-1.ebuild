EAPI=8

DESCRIPTION="a compiler that runs pkg-config and the C compiler"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

DEPEND="dev-libs/glib:2"
RDEPEND="${DEPEND}"
BDEPEND="dev-lang/vala virtual/pkgconfig"

src_compile() {
	printf 'int main() { stdout.printf("%%s\\n", GLib.Environment.get_prgname() ?? "u"); return 0; }\n' > u.vala || die
	valac -o u u.vala || die "valac failed"
}

src_install() {
	dobin u
}
