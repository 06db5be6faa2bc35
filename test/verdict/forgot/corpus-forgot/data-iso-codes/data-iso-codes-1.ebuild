EAPI=8

DESCRIPTION="data by its path, its absence is an error of the parser"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	cat > Makefile <<-'END' || die
		countries.txt: /usr/share/iso-codes/json/iso_3166-1.json ; python3 -c 'import json, sys; print(len(json.load(open(sys.argv[1]))["3166-1"]))' $< > $@
	END
	emake countries.txt
}

src_install() {
	dodoc countries.txt
}
