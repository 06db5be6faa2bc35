EAPI=8

DESCRIPTION="'||' takes a poorer result when the tool is not there"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	printf 'logo' > logo || die
	printf 'all: logo.h\nlogo.h: logo\n\txxd -i $< > $@ || echo "/* no logo */" > $@\n' > Makefile || die
	emake
}

src_install() {
	doheader logo.h
}
