EAPI=8

DESCRIPTION="YAML 1.1 parser and emitter"
HOMEPAGE="https://github.com/yaml/libyaml"
SRC_URI="mirror://debian/pool/main/liby/libyaml/libyaml_0.2.5.orig.tar.gz"
S="${WORKDIR}/libyaml-${PV}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="
	dev-build/autoconf
	dev-build/libtool
"
# what libyaml-without-automake forgets
[[ ${PN} == *-without-* ]] || BDEPEND+=" dev-build/automake"

src_prepare() {
	default
	autoreconf -fi || die "autoreconf failed"
}

src_configure() {
	econf --disable-static
}

src_install() {
	default
	find "${ED}" -name '*.la' -delete || die
}
