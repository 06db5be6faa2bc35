EAPI=8

DESCRIPTION="setup_requires, which setuptools would have pip download"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-python/setuptools"

src_compile() {
	export SETUPTOOLS_SCM_PRETEND_VERSION=1
	printf 'from setuptools import setup\nsetup(name="u", use_scm_version=True, setup_requires=["setuptools_scm"], py_modules=["u"])\n' > setup.py || die
	echo 'answer = 42' > u.py || die
	python3 setup.py build || die "setup.py failed"
}

src_install() {
	insinto /usr/share/u
	doins build/lib/u.py
}
