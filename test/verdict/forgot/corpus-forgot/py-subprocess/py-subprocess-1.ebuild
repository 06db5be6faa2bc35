EAPI=8

DESCRIPTION="a program that a Python script runs"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	printf '<a><b/></a>\n' > u.xml || die
	printf 'import subprocess\nsubprocess.run(["xmllint", "--format", "--output", "out.xml", "u.xml"], check=True)\n' > gen.py || die
	python3 gen.py || die "gen.py failed"
}

src_install() {
	dodoc out.xml
}
