EAPI=8

DESCRIPTION="an ebuild that installs a bit of everything: Portage's checks"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	echo 'int u(void) { return 0; }' > u.c || die
	gcc -shared -fPIC -Wl,-soname,libu.so.1 -o libu.so.1 u.c || die
	gcc -c u.c && ar rcs libu.a u.o || die
	printf 'prefix=/usr\nName: u\nDescription: u\nVersion: 1\nRequires.private: glib-2.0\n' > u.pc || die
	printf 'find_package(CURL)\n' > uConfig.cmake || die
	printf '[Desktop Entry]\nType=Application\nName=u\nExec=u\n' > u.desktop || die
	printf 'import yaml, lxml.etree\n' > u.py || die
	printf '#!/usr/bin/env node\nrequire("nosuch")\n' > u-node || die
	printf '#!/usr/bin/ruby\nrequire "nokogiri"\n' > u-ruby || die
	printf '#!/usr/bin/tclsh\n' > u-tcl || die
	printf '[Unit]\nDescription=u\n' > u.service || die
	printf '<?xml version="1.0"?>\n<mime-info xmlns="http://www.freedesktop.org/standards/shared-mime-info"/>\n' > u.xml || die
}

src_install() {
	dolib.so libu.so.1
	dolib.a libu.a
	dosym libu.so.1 /usr/$(get_libdir)/libu.so
	insinto /usr/$(get_libdir)/pkgconfig
	doins u.pc
	insinto /usr/share/cmake/u
	doins uConfig.cmake
	insinto /usr/share/applications
	doins u.desktop
	insinto /usr/share/mime/packages
	doins u.xml
	insinto /usr/lib/python3/dist-packages
	doins u.py
	insinto /usr/lib/systemd/system
	doins u.service
	dobin u-node u-ruby u-tcl
}
