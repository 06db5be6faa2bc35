EAPI=8

DESCRIPTION="a module in PDEPEND that the build imports"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

PDEPEND="dev-python/mako"

src_compile() {
	printf 'from mako.template import Template\nprint(Template("${6 * 7}").render())\n' > gen.py || die
	python3 gen.py > u.txt || die "gen.py failed"
}

src_install() {
	dodoc u.txt
}
