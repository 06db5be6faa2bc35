EAPI=8

DESCRIPTION="the tool stands in a variable of the Makefile, which is asked with (shell)"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

DEPEND="dev-libs/libyaml"

src_compile() {
	cat > Makefile <<-'END' || die
		PKG_CONFIG ?= pkg-config
		LDLIBS = $(shell $(PKG_CONFIG) --libs yaml-0.1)
		u: u.c ; gcc $(CFLAGS) -o $@ u.c $(LDLIBS)
	END
	printf '#include <yaml.h>\nint main(void) { return yaml_get_version_string() == 0; }\n' > u.c || die
	emake
}

src_install() {
	dobin u
}
