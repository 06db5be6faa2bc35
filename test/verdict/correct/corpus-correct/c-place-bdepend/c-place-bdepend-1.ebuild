EAPI=8

DESCRIPTION="a library in BDEPEND: wrong for cross builds, fine natively"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-libs/libyaml"

src_compile() {
	printf '#include <yaml.h>\nint main(void) { return yaml_get_version_string() == 0; }\n' > u.c || die
	gcc ${CFLAGS} -o u u.c -lyaml || die
}

src_install() {
	dobin u
}
