EAPI=8

DESCRIPTION="rake is there through ruby only, the ebuild runs it"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-lang/ruby"

src_compile() {
	printf 'task :default do\n  File.write("u.txt", "made by rake\\n")\nend\n' > Rakefile || die
	rake || die "rake failed"
}

src_install() {
	dodoc u.txt
}
