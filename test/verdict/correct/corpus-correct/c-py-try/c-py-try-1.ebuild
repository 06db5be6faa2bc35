EAPI=8

DESCRIPTION="imports that may fail, without effect"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	cat > gen.py <<-'END' || die
		try:
		    import tomli as tomllib
		except ImportError:
		    import tomllib
		try:
		    from lxml import etree
		except ImportError:
		    import xml.etree.ElementTree as etree
		try:
		    import requests
		except ImportError:
		    requests = None
		print(tomllib.loads("a = 1")["a"], etree.fromstring("<a/>").tag)
	END
	python3 gen.py > u.txt || die
}

src_install() {
	dodoc u.txt
}
