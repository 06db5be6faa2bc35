EAPI=8

DESCRIPTION="the MIME database is compiled from a package's file"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	mkdir -p mime/packages || die
	printf '<?xml version="1.0"?>\n<mime-info xmlns="http://www.freedesktop.org/standards/shared-mime-info"><mime-type type="application/x-u"><glob pattern="*.u"/></mime-type></mime-info>\n' > mime/packages/u.xml || die
	update-mime-database mime || die "update-mime-database failed"
}

src_install() {
	insinto /usr/share/u
	doins mime/globs
}
