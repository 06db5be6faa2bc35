EAPI=8

DESCRIPTION="LoadError is rescued, the script ends in its own words"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-lang/ruby"

src_compile() {
	printf 'begin\n  require "mustache"\nrescue LoadError\n  abort "gen.rb: templates are not possible"\nend\nputs Mustache.render("a")\n' > gen.rb || die
	ruby gen.rb > u.txt || die "gen.rb failed"
}

src_install() {
	dodoc u.txt
}
