EAPI=8

DESCRIPTION="pkg-config knows a tool, which has no library"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="virtual/pkgconfig"

src_compile() {
	local scdoc
	scdoc=$(pkg-config --variable=scdoc scdoc) && [[ -n ${scdoc} ]] || die "scdoc is not there"
	printf 'u(1)\n\n# NAME\n\nu - u\n' | "${scdoc}" > u.1 || die
}

src_install() {
	doman u.1
}
