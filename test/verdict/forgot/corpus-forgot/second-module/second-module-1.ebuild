EAPI=8

DESCRIPTION="a Python module that only a dependency's dependency brings in"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-python/jinja2"

src_compile() {
	printf 'import jinja2, markupsafe\nprint(jinja2.Template("{{ a }}").render(a=markupsafe.escape("<")))\n' > gen.py || die
	python3 gen.py > u.txt || die "gen.py failed"
}

src_install() {
	dodoc u.txt
}
