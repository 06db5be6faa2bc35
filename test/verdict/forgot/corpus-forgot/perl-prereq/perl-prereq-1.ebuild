EAPI=8

DESCRIPTION="PREREQ_PM of Makefile.PL: a warning, then the test fails"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-lang/perl"

src_configure() {
	mkdir lib t || die
	printf 'use ExtUtils::MakeMaker;\nWriteMakefile(NAME => "U", VERSION => 1, PREREQ_PM => { "YAML::Tiny" => 0 });\n' > Makefile.PL || die
	printf 'package U;\nuse YAML::Tiny;\nsub u { YAML::Tiny->read_string($_[0])->[0]{a} }\n1;\n' > lib/U.pm || die
	printf 'use Test::More tests => 1;\nuse_ok("U");\n' > t/u.t || die
	perl Makefile.PL INSTALLDIRS=vendor || die "Makefile.PL failed"
}

src_compile() {
	emake
	emake test
}

src_install() {
	emake DESTDIR="${D}" pure_install
}
