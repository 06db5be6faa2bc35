EAPI=8

DESCRIPTION="the zone that is everywhere"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	TZ=UTC date -d @0 > u.txt || die
	TZ=UTC0 date -d @0 >> u.txt || die
	python3 -c 'import time; print(time.tzname)' >> u.txt || die
}

src_install() {
	dodoc u.txt
}
