EAPI=8

DESCRIPTION="find -exec runs the tool, and does not tell that it could not"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	echo u > u.bin || die
	find . -name '*.bin' -exec xxd -i {} \; > u.txt || die
}

src_install() {
	dodoc u.txt
}
