EAPI=8

DESCRIPTION="info_TEXINFOS of automake, without makeinfo"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/autoconf dev-build/automake"

src_prepare() {
	default
	printf 'AC_INIT([u], [1])\nAM_INIT_AUTOMAKE([foreign no-texinfo.tex])\nAC_CONFIG_FILES([Makefile])\nAC_OUTPUT\n' > configure.ac || die
	printf 'info_TEXINFOS = u.texi\nTEXINFO_TEX = u.texi\n' > Makefile.am || die
	printf '\\input texinfo\n@setfilename u.info\n@settitle u\n@node Top\n@top u\nNothing.\n@bye\n' > u.texi || die
	autoreconf -fi || die "autoreconf failed"
}
