EAPI=8

DESCRIPTION="header and library that only a dependency's dependency brings in"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

DEPEND="dev-libs/libxslt"

src_compile() {
	cat > u.c <<-'END' || die
		#include <libxml/parser.h>
		#include <libxslt/xslt.h>
		int main(void) { xsltInit(); return xmlReadDoc((const xmlChar *)"<a/>", 0, 0, 0) == 0; }
	END
	gcc ${CFLAGS} -I/usr/include/libxml2 -o u u.c -lxslt -lxml2 || die "compile failed"
}

src_install() {
	dobin u
}
