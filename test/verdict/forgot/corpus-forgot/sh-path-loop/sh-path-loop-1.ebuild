EAPI=8

DESCRIPTION="a configure of one's own looks through PATH"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_configure() {
	cat > configure <<-'END' || die
		#!/bin/sh
		found=
		IFS=:
		for d in $PATH; do
		    for p in flex lex; do test -x "$d/$p" && found=$d/$p; done
		done
		if [ -z "$found" ]; then echo "scanner generator: none"; exit 1; fi
	END
	sh ./configure || die "configure failed"
}

src_install() {
	:
}
