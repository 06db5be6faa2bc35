EAPI=8

DESCRIPTION="a JavaScript generator"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	printf 'console.log([1, 2, 3].map((x) => x * x).join(" "));\n' > gen.js || die
	printf 'squares.txt: gen.js\n\tnode $< > $@\n' > Makefile || die
	emake squares.txt
}

src_install() {
	dodoc squares.txt
}
