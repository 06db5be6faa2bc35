EAPI=8

DESCRIPTION="pkg_resources.require"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-python/setuptools"

src_compile() {
	printf 'import pkg_resources\nfor one in pkg_resources.require("Mako>=1"):\n    print(one.key)\n' > gen.py || die
	python3 -W ignore gen.py > u.txt || die "gen.py failed"
}

src_install() {
	dodoc u.txt
}
