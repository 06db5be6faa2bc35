EAPI=8

DESCRIPTION="one of || ( ) is visible, the script looks for the other one first"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="|| ( dev-lang/yasm dev-lang/nasm )"

src_compile() {
	cat > asm.sh <<-'END' || die
		#!/bin/sh
		for as in nasm yasm; do
			if command -v $as >/dev/null; then
				$as -f bin -o one.bin one.asm && exit
			fi
		done
		echo "no assembler" >&2
		exit 1
	END
	printf 'bits 64\n\tmov eax, 1\n\tret\n' > one.asm || die
	sh ./asm.sh || die "asm.sh failed"
}

src_install() {
	insinto /usr/share/u
	doins one.bin
}
