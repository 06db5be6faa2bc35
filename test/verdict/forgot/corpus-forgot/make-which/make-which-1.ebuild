EAPI=8

DESCRIPTION="which in a Makefile, and make's own error"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	printf 'GPERF := $(shell which gperf 2>/dev/null)\nifeq ($(GPERF),)\n$(error cannot generate the table of keywords)\nendif\nall:\n' > Makefile || die
	emake
}

src_install() {
	:
}
