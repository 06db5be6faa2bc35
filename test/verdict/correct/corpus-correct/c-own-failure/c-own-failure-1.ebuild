EAPI=8

DESCRIPTION="a failure of the package's own"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	command -v valgrind
	command -v doxygen
	printf '#error "this machine has a byte order that was not thought of"\n' > u.c || die
	gcc ${CFLAGS} -c u.c || die "compile failed"
}
