EAPI=8

DESCRIPTION="setup.py takes another version when a module is not there"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-python/setuptools"

src_compile() {
	printf 'from setuptools import setup\ntry:\n    import crcmod\n    extra = ["fast"]\nexcept ImportError:\n    extra = []\nopen("u.txt", "w").write(repr(extra))\nsetup(name="u", version="1", py_modules=[])\n' > setup.py || die
	python3 setup.py build || die "setup.py failed"
}

src_install() {
	dodoc u.txt
}
