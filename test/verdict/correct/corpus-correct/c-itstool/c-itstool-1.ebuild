EAPI=8

DESCRIPTION="a declared Python program"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-util/itstool"

src_compile() {
	printf '<?xml version="1.0"?>\n<a><p>one</p></a>\n' > u.xml || die
	itstool -o u.pot u.xml || die "itstool failed"
}

src_install() {
	dodoc u.pot
}
