EAPI=8

DESCRIPTION="Hash functions"
HOMEPAGE="https://tracker.debian.org/pkg/gperf"
SRC_URI="mirror://debian/pool/main/g/gperf/gperf_3.1.orig.tar.gz"
S="${WORKDIR}/gperf-${PV}"

LICENSE="GPL-3+"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	emake -j1
}
