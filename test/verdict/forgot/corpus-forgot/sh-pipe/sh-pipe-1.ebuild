EAPI=8

DESCRIPTION="first program of a pipeline, whose failure is seen by what is compiled next"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	echo '{"version": {"major": 3}}' > package.json || die
	cat > Makefile <<-'END' || die
		u: u.c version.h ; $(CC) $(CFLAGS) -o $@ u.c
		version.h: package.json ; jq .version.major $< | sed 's/.*/#define MAJOR &/' > $@
	END
	printf '#include "version.h"\nint main(void) { return MAJOR == 0; }\n' > u.c || die
	emake CC=gcc
}

src_install() {
	dobin u
}
