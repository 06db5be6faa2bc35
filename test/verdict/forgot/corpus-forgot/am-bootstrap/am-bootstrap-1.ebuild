EAPI=8

DESCRIPTION="autogen.sh asks for libtool and ends in its own words"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/autoconf dev-build/automake"

src_prepare() {
	default
	cat > autogen.sh <<-'END' || die
		#!/bin/sh
		(libtoolize --version) < /dev/null > /dev/null 2>&1 || {
			echo
			echo "**Error**: You must have \`libtool' installed."
			echo "You can get it from: ftp://ftp.gnu.org/pub/gnu/"
			exit 1
		}
		libtoolize --copy && aclocal && automake --add-missing --copy && autoconf
	END
	printf 'AC_INIT([u], [1])\nAC_CONFIG_MACRO_DIRS([m4])\nAM_INIT_AUTOMAKE([foreign])\nAC_PROG_CC\nLT_INIT\nAC_CONFIG_FILES([Makefile])\nAC_OUTPUT\n' > configure.ac || die
	printf 'ACLOCAL_AMFLAGS = -I m4\n' > Makefile.am || die
	mkdir m4 || die
	sh autogen.sh || die "autogen.sh failed"
}
