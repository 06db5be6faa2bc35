EAPI=8

DESCRIPTION="an archive that Portage's own unpack needs a program for"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_unpack() {
	python3 -m zipfile -c "${T}"/u.zip /etc/passwd || die
	unpack "${T}"/u.zip
}

src_install() {
	echo unpacked > unpacked.txt || die
	dodoc unpacked.txt
}
