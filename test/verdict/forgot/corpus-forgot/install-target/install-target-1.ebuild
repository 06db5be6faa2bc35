EAPI=8

DESCRIPTION="make install runs a tool for the desktop"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	printf '[Desktop Entry]\nType=Application\nName=u\nExec=u\n' > u.desktop || die
	printf 'all:\n\ninstall:\n\tmkdir -p $(DESTDIR)/usr/share/applications\n\tdesktop-file-install --dir=$(DESTDIR)/usr/share/applications u.desktop\n' > Makefile || die
}
