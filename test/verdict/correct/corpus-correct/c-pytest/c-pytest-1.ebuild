EAPI=8

DESCRIPTION="tests with pytest"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"
IUSE="test"
RESTRICT="!test? ( test )"

BDEPEND="test? ( dev-python/pytest )"

src_compile() {
	printf 'import pytest\n\n@pytest.mark.parametrize("n", [1, 2])\ndef test_sum(n):\n    assert n + n == 2 * n\n' > test_u.py || die
}

src_test() {
	python3 -m pytest -p no:cacheprovider || die "tests failed"
}

src_install() {
	dodoc test_u.py
}
