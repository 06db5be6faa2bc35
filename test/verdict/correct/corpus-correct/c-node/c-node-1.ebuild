EAPI=8

DESCRIPTION="a script with an optional module that is nowhere"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="net-libs/nodejs"

src_compile() {
	printf 'let ts; try { ts = require("typescript"); } catch {}\nrequire("fs").writeFileSync("u.txt", [3, 1, 2].sort().join() + (ts ? "!" : "") + "\\n");\n' > gen.js || die
	node gen.js || die "gen.js failed"
}

src_install() {
	dodoc u.txt
}
