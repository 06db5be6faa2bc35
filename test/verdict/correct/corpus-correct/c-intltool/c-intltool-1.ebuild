EAPI=8

DESCRIPTION="autoreconf with intltool, and translations in a desktop file"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/autoconf dev-build/automake dev-util/intltool sys-devel/gettext"

src_prepare() {
	default
	mkdir po || die
	printf 'AC_INIT([u], [1])\nAM_INIT_AUTOMAKE([foreign])\nIT_PROG_INTLTOOL([0.40.0])\nGETTEXT_PACKAGE=u\nAC_SUBST(GETTEXT_PACKAGE)\nAM_GLIB_GNU_GETTEXT\nAC_CONFIG_FILES([Makefile po/Makefile.in])\nAC_OUTPUT\n' > configure.ac || die
	sed -i '/AM_GLIB_GNU_GETTEXT/d' configure.ac || die
	printf 'desktopdir = $(datadir)/applications\ndesktop_DATA = u.desktop\n@INTLTOOL_DESKTOP_RULE@\nEXTRA_DIST = u.desktop.in\n' > Makefile.am || die
	printf '[Desktop Entry]\nType=Application\n_Name=hello\nExec=u\n' > u.desktop.in || die
	echo u.desktop.in > po/POTFILES.in || die
	echo de > po/LINGUAS || die
	printf 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "hello"\nmsgstr "hallo"\n' > po/de.po || die
	intltoolize --automake --copy --force || die "intltoolize failed"
	aclocal && automake --add-missing --copy && autoconf || die
}
