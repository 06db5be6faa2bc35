EAPI=8

DESCRIPTION="an import that may fail, without effect"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	cat > gen.py <<-'END' || die
		import json
		try:
		    from yaml import CSafeLoader
		except ImportError:
		    CSafeLoader = None
		print(json.loads('{"a": 1}')["a"])
	END
	python3 gen.py > u.txt || die
}

src_install() {
	dodoc u.txt
}
