EAPI=8

DESCRIPTION="find does not find where it is to look"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	find xxd doc -name '*.x'
	echo u > u.txt || die
}

src_install() {
	dodoc u.txt
}
