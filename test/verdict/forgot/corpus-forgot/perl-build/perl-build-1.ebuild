EAPI=8

DESCRIPTION="Build.PL"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-lang/perl"

src_configure() {
	mkdir lib || die
	printf 'use Module::Build;\nModule::Build->new(module_name => "U", dist_version => 1, dist_abstract => "u", license => "mit")->create_build_script;\n' > Build.PL || die
	printf 'package U;\n1;\n' > lib/U.pm || die
	perl Build.PL || die "Build.PL failed"
}

src_compile() {
	./Build || die
}

src_install() {
	insinto /usr/share/u
	doins blib/lib/U.pm
}
