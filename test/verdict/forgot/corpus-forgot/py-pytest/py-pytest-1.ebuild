EAPI=8

DESCRIPTION="python -m of a module, in the test phase"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"
IUSE="test"
RESTRICT="!test? ( test )"

src_compile() {
	printf 'def test_sum():\n    assert 1 + 2 == 3\n' > test_u.py || die
}

src_test() {
	python3 -m pytest -p no:cacheprovider || die "tests failed"
}

src_install() {
	dodoc test_u.py
}
