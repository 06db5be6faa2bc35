EAPI=8

DESCRIPTION="interpreter of a script that is run by its path"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	printf '#!/usr/bin/perl\nprint "#define ANSWER ", 6 * 7, "\\n";\n' > gen || die
	chmod +x gen || die
	printf 'answer.h: gen\n\t./gen > $@\n' > Makefile || die
	emake answer.h
}

src_install() {
	doheader answer.h
}
