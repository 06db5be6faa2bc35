EAPI=8

DESCRIPTION="a configure of its own asks whether a header is there"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

DEPEND="dev-libs/libevent"

src_compile() {
	[[ -f /usr/include/event2/event.h ]] || die
	echo HAVE_EVENT > u.txt || die
}

src_install() {
	dodoc u.txt
}
