EAPI=8

DESCRIPTION="i18n.gettext() leaves the translations out, with a warning"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/meson app-alternatives/ninja"

src_configure() {
	mkdir po || die
	printf "project('u')\nsubdir('po')\ninstall_data('u.txt')\n" > meson.build || die
	printf "import('i18n').gettext('u')\n" > po/meson.build || die
	echo de > po/LINGUAS || die
	echo u.c > po/POTFILES || die
	printf 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "hello"\nmsgstr "hallo"\n' > po/de.po || die
	echo hello > u.txt || die
	meson setup --prefix=/usr build || die "meson failed"
}

src_compile() {
	ninja -C build || die
}

src_install() {
	DESTDIR=${D} ninja -C build install || die
}
