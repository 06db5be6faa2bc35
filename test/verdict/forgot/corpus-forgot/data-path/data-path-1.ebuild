EAPI=8

DESCRIPTION="data of another package by its path, and a fallback"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	grep -c . /usr/share/iso-codes/json/iso_639-2.json > u.txt 2>/dev/null || echo none > u.txt
}

src_install() {
	dodoc u.txt
}
