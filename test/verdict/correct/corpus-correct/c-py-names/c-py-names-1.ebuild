EAPI=8

DESCRIPTION="words that look like a missing module"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	mkdir -p u/vendor || die
	touch u/__init__.py u/vendor/__init__.py || die
	cat > t.py <<-'END' || die
		import importlib, sys
		for name in ("u.vendor.pip", "u.vendor.yaml"):
		    try:
		        importlib.import_module(name)
		    except ImportError as error:
		        print(error, file=sys.stderr)
		print("ModuleNotFoundError: No module named 'mako'", file=sys.stderr)
	END
	python3 t.py || die
	echo tested > u.txt || die
}

src_install() {
	dodoc u.txt
}
