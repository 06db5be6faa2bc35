EAPI=8

DESCRIPTION="an import that may fail, with an effect on what is made"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	cat > gen.py <<-'END' || die
		try:
		    import yaml
		except ImportError:
		    yaml = None
		print("formats: json" + (", yaml" if yaml else ""))
	END
	python3 gen.py > formats.txt || die
}

src_install() {
	dodoc formats.txt
}
