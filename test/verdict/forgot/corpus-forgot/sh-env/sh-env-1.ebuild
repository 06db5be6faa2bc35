EAPI=8

DESCRIPTION="interpreter by env in the first line of a script"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	printf '#!/usr/bin/env ruby\nputs (1..5).map { |i| i * i }.join(" ")\n' > squares || die
	chmod +x squares || die
	./squares > squares.txt || die "squares failed"
}

src_install() {
	dodoc squares.txt
}
