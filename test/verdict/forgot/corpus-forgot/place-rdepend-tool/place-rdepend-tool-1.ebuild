EAPI=8

DESCRIPTION="a tool in RDEPEND that the build runs as well"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

RDEPEND="app-misc/jq"

src_compile() {
	echo '{"a": [1, 2]}' > u.json || die
	jq -c .a u.json > u.txt || die "jq failed"
}

src_install() {
	dodoc u.txt
}
