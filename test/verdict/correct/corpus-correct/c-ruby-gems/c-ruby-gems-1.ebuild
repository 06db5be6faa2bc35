EAPI=8

DESCRIPTION="a script with gems that are declared"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-lang/ruby dev-ruby/kramdown"

src_compile() {
	printf 'require "json"\nrequire "optparse"\nrequire "kramdown"\nbegin\n  require "rouge"\nrescue LoadError\nend\nputs Kramdown::Document.new("# a\\n").to_html, JSON.generate([1])\n' > gen.rb || die
	ruby gen.rb > u.txt || die "gen.rb failed"
}

src_install() {
	dodoc u.txt
}
