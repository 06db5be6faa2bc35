EAPI=8

DESCRIPTION="TZ names a zone, and without it the wrong hour is taken"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	TZ=Asia/Tokyo date -d @0 "+%H:%M %z" > epoch.txt || die
}

src_install() {
	dodoc epoch.txt
}
