EAPI=8

DESCRIPTION="archivers that are declared"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="app-arch/lzip app-arch/p7zip app-arch/zip app-arch/unzip app-arch/zstd"

src_compile() {
	echo u > u || die
	tar --lzip -cf u.tar.lz u || die
	7z a -bd u.7z u > /dev/null || die
	zip -q u.zip u || die
	unzip -o -q u.zip || die
	tar -cf - u | xz > u.tar.xz || die
	tar -I zstd -cf u.tar.zst u || die
}

src_install() {
	dodoc u
}
