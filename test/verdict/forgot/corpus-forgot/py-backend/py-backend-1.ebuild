EAPI=8

DESCRIPTION="the build backend that pyproject.toml names"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-python/build"

src_compile() {
	printf '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n\n[project]\nname = "u"\nversion = "1"\n' > pyproject.toml || die
	mkdir u || die
	echo 'answer = 42' > u/__init__.py || die
	python3 -m build --wheel --no-isolation --skip-dependency-check || die "build failed"
}

src_install() {
	dodoc dist/*.whl
}
