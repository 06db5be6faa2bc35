EAPI=8

DESCRIPTION="Manuals"
HOMEPAGE="https://tracker.debian.org/pkg/scdoc"
SRC_URI="mirror://debian/pool/main/s/scdoc/scdoc_1.11.2.orig.tar.gz"
S="${WORKDIR}/scdoc-${PV}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	emake PREFIX="${EPREFIX}"/usr LDFLAGS="${LDFLAGS}"
}

src_install() {
	emake PREFIX="${EPREFIX}"/usr DESTDIR="${D}" install
}
