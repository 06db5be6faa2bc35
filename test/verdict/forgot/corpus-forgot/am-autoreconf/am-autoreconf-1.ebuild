EAPI=8

DESCRIPTION="autoreconf itself, which runs automake"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_prepare() {
	default
	printf 'AC_INIT([u], [1])\nAC_PROG_CC\nAC_OUTPUT\n' > configure.ac || die
	autoreconf -fi || die "autoreconf failed"
}

src_compile() {
	:
}

src_install() {
	:
}
