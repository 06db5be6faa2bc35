EAPI=8

DESCRIPTION="find lists what is there"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	cat > features.sh <<-'END' || die
		#!/bin/sh
		for header in $(find /usr/include -maxdepth 2 -name event_struct.h); do
			echo "#define HAVE_$(basename "$header" .h | tr a-z A-Z) 1"
		done
	END
	sh features.sh > features.h || die
}

src_install() {
	doheader features.h
}
