EAPI=6

DESCRIPTION="a tool in an EAPI that has no BDEPEND"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	printf '%%%%\none\ntwo\n' > u.gperf || die
	gperf u.gperf > u.c || die "gperf failed"
}

src_install() {
	dodoc u.c
}
