EAPI=8

DESCRIPTION="a script whose first line is sh, and the second one tclsh"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	printf '#!/bin/sh\n# \\\nexec tclsh "$0" "$@"\nputs [expr {6 * 7}]\n' > gen || die
	chmod +x gen || die
	./gen > u.txt || die "gen failed"
}

src_install() {
	dodoc u.txt
}
