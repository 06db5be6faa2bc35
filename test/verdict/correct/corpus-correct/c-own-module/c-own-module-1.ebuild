EAPI=8

DESCRIPTION="modules of the same name as those of others"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	printf 'def loads(x):\n    return x\n' > toml.py || die
	mkdir markdown || die
	echo 'kind = 1' > markdown/__init__.py || die
	printf 'import toml, markdown\nprint(toml.loads(markdown.kind))\n' > gen.py || die
	python3 gen.py > u.txt || die
}

src_install() {
	dodoc u.txt
}
