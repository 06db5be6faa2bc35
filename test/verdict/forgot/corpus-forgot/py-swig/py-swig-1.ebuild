EAPI=8

DESCRIPTION="setup.py runs swig"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-python/setuptools"

src_compile() {
	printf 'from setuptools import setup, Extension\nsetup(name="u", version="1", ext_modules=[Extension("_u", ["u.i"])])\n' > setup.py || die
	printf '%%module u\nint one(void);\n' > u.i || die
	python3 setup.py build_ext || die "setup.py failed"
}

src_install() {
	:
}
