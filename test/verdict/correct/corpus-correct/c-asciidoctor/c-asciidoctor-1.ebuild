EAPI=8

DESCRIPTION="a Ruby program: gems are listed"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-ruby/asciidoctor"

src_compile() {
	printf '= u(1)\nMe\n:doctype: manpage\n\n== NAME\n\nu - does nothing\n\n== SYNOPSIS\n\n*u*\n\n[source,c]\n----\nint u;\n----\n' > u.adoc || die
	asciidoctor -b manpage -a reproducible u.adoc || die "asciidoctor failed"
}

src_install() {
	doman u.1
}
