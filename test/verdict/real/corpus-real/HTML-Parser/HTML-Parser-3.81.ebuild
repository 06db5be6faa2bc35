EAPI=8

DESCRIPTION="Parses HTML"
HOMEPAGE="https://metacpan.org/dist/HTML-Parser"
SRC_URI="mirror://debian/pool/main/libh/libhtml-parser-perl/libhtml-parser-perl_3.81.orig.tar.gz"
S="${WORKDIR}/HTML-Parser-${PV}"

LICENSE="Artistic GPL-1+"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="
	dev-lang/perl
	dev-perl/URI
"
# what HTML-Parser-without-HTML-Tagset forgets
[[ ${PN} == *-without-* ]] || BDEPEND+=" dev-perl/HTML-Tagset"

src_configure() {
	perl Makefile.PL INSTALLDIRS=vendor || die "Makefile.PL failed"
}

src_compile() {
	emake OPTIMIZE="${CFLAGS}"
	# HTML::HeadParser and HTML::Filter need what Makefile.PL asks for
	perl -Mblib -MHTML::LinkExtor -e 'print HTML::LinkExtor->new ? "" : die' || die "does not load"
}

src_install() {
	emake DESTDIR="${D}" pure_install
	find "${ED}" -name '*.packlist' -delete || die
}
