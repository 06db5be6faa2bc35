EAPI=8

DESCRIPTION="find_program()"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/meson app-alternatives/ninja"

src_configure() {
	cat > meson.build <<-'END' || die
		project('u', 'c')
		words = custom_target('words.c', input: 'words.gperf', output: 'words.c',
		  command: [find_program('gperf'), '--output-file=@OUTPUT@', '@INPUT@'])
		executable('u', 'u.c', words, install: true)
	END
	printf '%%includes\n%%%%\none\ntwo\n' > words.gperf || die
	printf 'int main(void) { return 0; }\n' > u.c || die
	meson setup --prefix=/usr build || die "meson failed"
}

src_compile() {
	ninja -C build || die
}

src_install() {
	DESTDIR=${D} ninja -C build install || die
}
