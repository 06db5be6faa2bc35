EAPI=8

DESCRIPTION="a file that another package generates, and nobody owns"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	python3 -c 'print(sum(1 for l in open("/usr/share/mime/globs2")) > 10)' > u.txt || die "no types"
}

src_install() {
	dodoc u.txt
}
