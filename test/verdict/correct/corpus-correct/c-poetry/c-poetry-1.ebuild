EAPI=8

DESCRIPTION="a wheel by poetry-core, which looks for git"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-python/build dev-python/poetry-core"

src_compile() {
	printf '[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n\n[tool.poetry]\nname = "u"\nversion = "1"\ndescription = "u"\nauthors = []\n' > pyproject.toml || die
	echo 'answer = 42' > u.py || die
	python3 -m build --wheel --no-isolation --skip-dependency-check || die "build failed"
}

src_install() {
	insinto /usr/share/u
	doins u.py
}
