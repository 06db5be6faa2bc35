EAPI=8

DESCRIPTION="declared for the tests only, and used by the build"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"
IUSE="test"
RESTRICT="!test? ( test )"

BDEPEND="test? ( dev-python/docutils )"

src_compile() {
	printf 'u\n=\n\nNothing.\n' > u.rst || die
	python3 -m docutils --writer=pseudoxml u.rst u.txt || die "docutils failed"
}

src_install() {
	dodoc u.txt
}
