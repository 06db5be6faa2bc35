EAPI=8

DESCRIPTION="the source of a locale"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	mkdir locales || die
	localedef --no-archive -i de_DE -f UTF-8 ./locales/de_DE.utf8 || die "localedef failed"
	LOCPATH=${PWD}/locales LC_ALL=de_DE.utf8 date -d 2024-03-01 +%B > month.txt || die
	grep -q März month.txt || die "not German"
}

src_install() {
	dodoc month.txt
}
