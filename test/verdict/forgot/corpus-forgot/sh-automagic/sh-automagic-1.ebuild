EAPI=8

DESCRIPTION="'command -v' chooses the better tool that is there"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	cat > pack.sh <<-'END' || die
		#!/bin/sh
		if command -v lzip >/dev/null 2>&1; then
			lzip -k table
		else
			gzip -nk table
		fi
	END
	printf '%s\n' one two three > table || die
	sh ./pack.sh || die "pack.sh failed"
}

src_install() {
	insinto /usr/share/u
	doins table.*
}
