EAPI=8

DESCRIPTION="perl is there through automake only, the Makefile runs a script of its own"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/autoconf dev-build/automake"

src_prepare() {
	default
	printf 'AC_INIT([u], [1])\nAM_INIT_AUTOMAKE([foreign])\nAC_CONFIG_FILES([Makefile])\nAC_OUTPUT\n' > configure.ac || die
	printf 'doc_DATA = u.txt\nu.txt: gen.pl\n\tperl $(srcdir)/gen.pl > $@\n' > Makefile.am || die
	echo 'print "made by perl\n";' > gen.pl || die
	autoreconf -fi || die "autoreconf failed"
}
