EAPI=8

DESCRIPTION="a Makefile includes what a package has installed"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	printf 'include /usr/share/quilt/quilt.make\nu.txt:\n\techo > $@\n' > Makefile || die
	emake u.txt
}

src_install() {
	:
}
