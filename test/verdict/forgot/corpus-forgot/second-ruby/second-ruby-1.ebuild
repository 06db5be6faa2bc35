EAPI=8

DESCRIPTION="a Ruby library that only a tool brings in"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="app-text/ronn-ng dev-lang/ruby"

src_compile() {
	printf 'require "kramdown"\nputs Kramdown::Document.new("# a").to_html\n' > gen.rb || die
	ruby gen.rb > u.html || die "gen.rb failed"
}

src_install() {
	dodoc u.html
}
