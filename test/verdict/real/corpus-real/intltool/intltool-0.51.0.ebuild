EAPI=8

DESCRIPTION="Translates desktop and XML files"
HOMEPAGE="https://launchpad.net/intltool"
SRC_URI="mirror://debian/pool/main/i/intltool/intltool_0.51.0.orig.tar.gz"
S="${WORKDIR}/intltool-${PV}"

LICENSE="GPL-2"
SLOT="0"
KEYWORDS="amd64"

RDEPEND="dev-perl/XML-Parser"
BDEPEND="dev-lang/perl"
# what intltool-without-XML-Parser forgets
[[ ${PN} == *-without-* ]] || BDEPEND+=" dev-perl/XML-Parser"

src_configure() {
	econf
}
