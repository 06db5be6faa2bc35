EAPI=8

DESCRIPTION="a declared tool with optional imports"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-python/sphinx"

src_compile() {
	printf 'project = "u"\nextensions = ["sphinx.ext.autodoc", "sphinx.ext.viewcode", "sphinx.ext.mathjax"]\nlanguage = "de"\nman_pages = [("index", "u", "u", "me", 1)]\n' > conf.py || die
	printf 'u\n=\n\n.. code-block:: python\n\n   import u\n\n.. automodule:: u\n   :members:\n' > index.rst || die
	printf '"""Does nothing."""\ndef answer():\n    """The answer."""\n' > u.py || die
	PYTHONPATH=. sphinx-build -q -b man . man || die "sphinx-build failed"
	PYTHONPATH=. sphinx-build -q -b html . html || die "sphinx-build failed"
}

src_install() {
	doman man/u.1
	dodoc html/index.html
}
