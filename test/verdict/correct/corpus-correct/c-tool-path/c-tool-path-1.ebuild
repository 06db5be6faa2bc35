EAPI=8

DESCRIPTION="the path of a tool is written down"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="app-crypt/gnupg"

src_compile() {
	local gpg
	gpg=$(type -P gpg) || die "no gpg"
	echo "${gpg}" > u.txt || die
}

src_install() {
	dodoc u.txt
}
