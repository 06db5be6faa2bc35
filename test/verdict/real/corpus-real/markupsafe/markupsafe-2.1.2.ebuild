EAPI=8

DESCRIPTION="Escapes text for HTML"
HOMEPAGE="https://palletsprojects.com/p/markupsafe/"
SRC_URI="mirror://debian/pool/main/m/markupsafe/markupsafe_2.1.2.orig.tar.gz"
S="${WORKDIR}/MarkupSafe-${PV}"

LICENSE="BSD"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-python/setuptools"
# what markupsafe-without-wheel forgets
[[ ${PN} == *-without-* ]] || BDEPEND+=" dev-python/wheel"

src_compile() {
	python3 setup.py -q bdist_wheel --dist-dir dist || die "no wheel"
}

src_install() {
	insinto /usr/share/markupsafe
	doins src/markupsafe/__init__.py
	newins dist/*.whl markupsafe.whl
}
