EAPI=8

DESCRIPTION="a static library by the name of its file"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	printf 'const char *yaml_get_version_string(void);\nint main(void) { return yaml_get_version_string() == 0; }\n' > u.c || die
	gcc ${CFLAGS} -o u u.c -l:libyaml.a || die "link failed"
}

src_install() {
	dobin u
}
