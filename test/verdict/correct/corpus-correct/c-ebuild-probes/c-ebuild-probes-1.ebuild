EAPI=8

DESCRIPTION="the ebuild asks for tools and packages and heeds nothing"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	has_version -b dev-vcs/git && einfo "git is there"
	best_version app-text/doxygen > /dev/null
	type -P xsltproc > /dev/null
	command -v asciidoc > /dev/null
	hash quilt 2>/dev/null
	echo u > u.txt || die
}

src_install() {
	dodoc u.txt
}
