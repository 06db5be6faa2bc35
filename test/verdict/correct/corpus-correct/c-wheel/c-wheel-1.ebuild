EAPI=8

DESCRIPTION="a wheel by PEP 517, without isolation"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-python/build dev-python/setuptools dev-python/wheel dev-python/installer"

src_compile() {
	printf '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n\n[project]\nname = "u"\nversion = "1"\n' > pyproject.toml || die
	echo 'answer = 42' > u.py || die
	python3 -m build --wheel --no-isolation --skip-dependency-check || die "build failed"
}

src_install() {
	python3 -m installer --destdir="${D}" --no-compile-bytecode dist/*.whl || die "installer failed"
}
