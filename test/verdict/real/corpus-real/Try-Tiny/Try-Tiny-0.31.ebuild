EAPI=8

DESCRIPTION="try and catch"
HOMEPAGE="https://tracker.debian.org/pkg/libtry-tiny-perl"
SRC_URI="mirror://debian/pool/main/libt/libtry-tiny-perl/libtry-tiny-perl_0.31.orig.tar.gz"
S="${WORKDIR}/Try-Tiny-${PV}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND=""
# what Try-Tiny-without-perl forgets
[[ ${PN} == *-without-* ]] || BDEPEND+=" dev-lang/perl"

src_configure() {
	perl Makefile.PL INSTALLDIRS=vendor || die "Makefile.PL failed"
}

src_install() {
	emake DESTDIR="${D}" pure_install
	find "${ED}" -name '*.packlist' -delete || die
}
