EAPI=8

DESCRIPTION="package require of another package"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-lang/tcl"

src_compile() {
	printf 'package require Expect\nputs [package present Expect]\n' > gen.tcl || die
	tclsh gen.tcl > u.txt || die "gen.tcl failed"
}

src_install() {
	dodoc u.txt
}
