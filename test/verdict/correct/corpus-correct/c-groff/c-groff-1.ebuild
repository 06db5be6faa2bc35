EAPI=8

DESCRIPTION="formatters of the system"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	printf '.TH u 1\n.SH NAME\nu \\- does nothing\n.TS\ntab(;);\nl l.\na;b\n.TE\n' > u.1 || die
	groff -t -man -Tutf8 u.1 > u.txt || die "groff failed"
}

src_install() {
	doman u.1
	dodoc u.txt
}
