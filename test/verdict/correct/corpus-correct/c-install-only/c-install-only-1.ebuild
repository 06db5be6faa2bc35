EAPI=8

DESCRIPTION="a declared tool that only the install phase runs"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-util/desktop-file-utils"

src_compile() {
	printf '[Desktop Entry]\nType=Application\nName=u\nExec=u\nCategories=Utility;\n' > u.desktop || die
}

src_install() {
	desktop-file-install --dir="${ED}"/usr/share/applications u.desktop || die "desktop-file-install failed"
}
