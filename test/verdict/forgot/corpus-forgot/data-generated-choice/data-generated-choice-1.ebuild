EAPI=8

DESCRIPTION="a file that another package generates decides"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	if [[ -f /etc/ssl/certs/ca-certificates.crt ]]; then
		echo /etc/ssl/certs/ca-certificates.crt > u.txt || die
	else
		echo none > u.txt || die
	fi
}

src_install() {
	dodoc u.txt
}
