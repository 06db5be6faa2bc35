EAPI=8

DESCRIPTION="sphinx-build by a variable of the Makefile"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	printf 'project = "u"\n' > conf.py || die
	printf 'u\n=\n\nNothing.\n' > index.rst || die
	printf 'SPHINXBUILD ?= sphinx-build\nhtml:\n\t@$(SPHINXBUILD) -q -b text . out\n' > Makefile || die
	emake html
}

src_install() {
	dodoc out/index.txt
}
