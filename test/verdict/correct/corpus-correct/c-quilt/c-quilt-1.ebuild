EAPI=8

DESCRIPTION="a declared tool that looks for others"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-util/quilt"

src_prepare() {
	default
	mkdir patches || die
	echo one > u.txt || die
	printf -- '--- a/u.txt\n+++ b/u.txt\n@@ -1 +1 @@\n-one\n+two\n' > patches/u.diff || die
	echo u.diff > patches/series || die
	quilt push -a || die "patches do not apply"
	quilt refresh || die
}

src_install() {
	dodoc u.txt
}
