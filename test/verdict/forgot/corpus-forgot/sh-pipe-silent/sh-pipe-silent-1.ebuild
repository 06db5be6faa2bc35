EAPI=8

DESCRIPTION="first program of a pipeline, its failure is not noticed"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	printf 'NAME\n  u - nothing\nSYNOPSIS\n  u\n' > u.txt || die
	printf 'u.1: u.txt\n\ttxt2man -t u < u.txt | sed -e s/foo/bar/ > $@\n' > Makefile || die
	emake u.1
}

src_install() {
	doman u.1
}
