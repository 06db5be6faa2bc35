EAPI=8

DESCRIPTION="a version by git, or else from a file"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	echo 1.0 > VERSION || die
	printf 'VERSION := $(shell git describe 2>/dev/null || cat VERSION)\nu.txt:\n\techo $(VERSION) > $@\n' > Makefile || die
	emake u.txt
}

src_install() {
	dodoc u.txt
}
