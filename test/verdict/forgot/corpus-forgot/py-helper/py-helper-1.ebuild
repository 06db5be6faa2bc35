EAPI=8

DESCRIPTION="an optional import in a module of its own"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	mkdir tools || die
	touch tools/__init__.py || die
	printf 'try:\n    import yaml\nexcept ImportError:\n    yaml = None\ndef kind():\n    return "yaml" if yaml else "none"\n' > tools/fmt.py || die
	printf '#!/usr/bin/env python3\nfrom tools.fmt import kind\nprint(kind())\n' > gen || die
	chmod +x gen || die
	./gen > u.txt || die
}

src_install() {
	dodoc u.txt
}
