EAPI=8

DESCRIPTION="a tool of glib that is run at the end of the build, its failure not noticed"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	printf '<schemalist><schema id="u" path="/u/"><key name="a" type="i"><default>1</default></key></schema></schemalist>\n' > u.gschema.xml || die
	printf 'all:\n\t-glib-compile-schemas .\n' > Makefile || die
	emake
}

src_install() {
	insinto /usr/share/u
	doins u.gschema.xml
	[[ -e gschemas.compiled ]] && doins gschemas.compiled
	:
}
