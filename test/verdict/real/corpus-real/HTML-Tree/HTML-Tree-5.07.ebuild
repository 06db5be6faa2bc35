EAPI=8

DESCRIPTION="Trees of HTML"
HOMEPAGE="https://metacpan.org/dist/HTML-Tree"
SRC_URI="mirror://debian/pool/main/libh/libhtml-tree-perl/libhtml-tree-perl_5.07.orig.tar.gz"
S="${WORKDIR}/HTML-Tree-${PV}"

LICENSE="Artistic GPL-1+"
SLOT="0"
KEYWORDS="amd64"

RDEPEND="
	dev-perl/HTML-Parser
	dev-perl/HTML-Tagset
"
BDEPEND="${RDEPEND} dev-lang/perl"
# what HTML-Tree-without-Module-Build forgets
[[ ${PN} == *-without-* ]] || BDEPEND+=" dev-perl/Module-Build"

src_configure() {
	perl Build.PL --installdirs=vendor || die "Build.PL failed"
}

src_compile() {
	./Build || die "Build failed"
}

src_install() {
	./Build install --destdir="${D}" || die
	find "${ED}" -name perllocal.pod -delete || die
}
