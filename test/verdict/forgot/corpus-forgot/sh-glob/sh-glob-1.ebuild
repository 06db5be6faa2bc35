EAPI=8

DESCRIPTION="a shell pattern lists what is there"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	cat > converters.sh <<-'END' || die
		#!/bin/sh
		for program in /usr/bin/cmar*; do
			if [ -x "$program" ]; then
				echo "* text" | "$program"
			fi
		done
	END
	sh converters.sh > u.html || die
}

src_install() {
	insinto /usr/share/u
	doins u.html
}
