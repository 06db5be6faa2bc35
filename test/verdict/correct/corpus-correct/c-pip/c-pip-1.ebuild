EAPI=8

DESCRIPTION="pip wheel"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-python/pip dev-python/flit-core"

src_compile() {
	printf '[build-system]\nrequires = ["flit_core"]\nbuild-backend = "flit_core.buildapi"\n\n[project]\nname = "u"\nversion = "1"\ndescription = "u"\n' > pyproject.toml || die
	echo 'answer = 42' > u.py || die
	python3 -m pip --no-cache-dir --disable-pip-version-check wheel --no-build-isolation --no-deps --no-index -w dist . || die "pip failed"
}

src_install() {
	dodoc dist/*.whl
}
