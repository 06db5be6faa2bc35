EAPI=8

DESCRIPTION="a scanner in Python that runs the compiler, pkg-config and ldd"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

DEPEND="dev-libs/glib:2 dev-libs/gobject-introspection"
BDEPEND="dev-libs/gobject-introspection virtual/pkgconfig"

src_compile() {
	printf '#include <glib-object.h>\nint u_answer(void);\n' > u.h || die
	printf '#include "u.h"\n/**\n * u_answer:\n *\n * Returns: it\n */\nint u_answer(void) { return 42; }\n' > u.c || die
	gcc ${CFLAGS} -shared -fPIC -Wl,-soname,libu.so -o libu.so u.c $(pkg-config --cflags --libs gobject-2.0) || die
	# the library is asked for its types, whether or not the linker thinks that it is needed
	LDFLAGS=-Wl,--no-as-needed LD_LIBRARY_PATH=${PWD} g-ir-scanner --quiet --namespace=U --nsversion=1 --include=GObject-2.0 --pkg=gobject-2.0 --library=u -L. --output=U-1.gir u.h u.c || die "g-ir-scanner failed"
	g-ir-compiler U-1.gir -o U-1.typelib || die "g-ir-compiler failed"
}

src_install() {
	insinto /usr/share/gir-1.0
	doins U-1.gir
	insinto /usr/lib/girepository-1.0
	doins U-1.typelib
}
