EAPI=8

DESCRIPTION="a Perl module with a small build tool"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-lang/perl dev-perl/Module-Build-Tiny"

src_configure() {
	mkdir lib || die
	printf 'use Module::Build::Tiny;\nBuild_PL();\n' > Build.PL || die
	printf 'package U;\n1;\n' > lib/U.pm || die
	printf '{"name":"U","version":"1","abstract":"u","author":["u"],"dynamic_config":0,"generated_by":"u","license":["mit"],"meta-spec":{"version":2},"release_status":"stable"}\n' > META.json || die
	perl Build.PL || die "Build.PL failed"
}

src_compile() {
	./Build || die "Build failed"
}

src_install() {
	insinto /usr/share/u
	doins blib/lib/U.pm
}
