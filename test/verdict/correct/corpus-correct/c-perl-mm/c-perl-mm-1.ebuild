EAPI=8

DESCRIPTION="a Perl module with a test"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-lang/perl"
RDEPEND="${BDEPEND}"

src_configure() {
	mkdir lib t || die
	printf 'use ExtUtils::MakeMaker;\nWriteMakefile(NAME => "U", VERSION => 1);\n' > Makefile.PL || die
	printf 'package U;\nour $VERSION = 1;\nuse JSON::PP;\nsub u { encode_json([1]) }\n1;\n\n=head1 NAME\n\nU - does nothing\n' > lib/U.pm || die
	printf 'use Test::More tests => 2;\nuse_ok("U");\nis(U::u(), "[1]");\n' > t/u.t || die
	perl Makefile.PL INSTALLDIRS=vendor || die "Makefile.PL failed"
}

src_compile() {
	emake
	emake test
}

src_install() {
	emake DESTDIR="${D}" pure_install
}
