EAPI=8

DESCRIPTION="require of a gem"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-lang/ruby"

src_compile() {
	printf 'require "nokogiri"\nputs Nokogiri::XML("<a><b/></a>").root.children.length\n' > gen.rb || die
	ruby gen.rb > u.txt || die "gen.rb failed"
}

src_install() {
	dodoc u.txt
}
