EAPI=8

DESCRIPTION="requirements of pyproject.toml that the build does without"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-python/build dev-python/setuptools dev-python/wheel"

src_compile() {
	printf '[build-system]\nrequires = ["setuptools", "wheel", "setuptools-scm", "cython"]\nbuild-backend = "setuptools.build_meta"\n[project]\nname = "u"\nversion = "1"\n' > pyproject.toml || die
	echo 'a = 1' > u.py || die
	python3 -m build -x --no-isolation --wheel || die
}

src_install() {
	dodoc dist/*.whl
}
