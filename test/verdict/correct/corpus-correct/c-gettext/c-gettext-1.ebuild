EAPI=8

DESCRIPTION="a tool that lists directories of its own"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="sys-devel/gettext"

src_compile() {
	printf '#include <libintl.h>\nint main(void) { return gettext("hello")[0] == 0; }\n' > u.c || die
	printf '[Desktop Entry]\nType=Application\nName=hello\nExec=u\n' > u.desktop.in || die
	xgettext --keyword=gettext --omit-header -o u.pot u.c || die
	xgettext --language=Desktop --omit-header -j -o u.pot u.desktop.in || die
	mkdir po || die
	printf 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "hello"\nmsgstr "hallo"\n' > po/de.po || die
	echo de > po/LINGUAS || die
	msgfmt -c -o de.mo po/de.po || die
	msgfmt --desktop --template=u.desktop.in -d po -o u.desktop || die
}

src_install() {
	insinto /usr/share/locale/de/LC_MESSAGES
	newins de.mo u.mo
	insinto /usr/share/applications
	doins u.desktop
}
