EAPI=8

DESCRIPTION="g-ir-scanner by its variable in a .pc file"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

DEPEND="dev-libs/glib:2"
BDEPEND="virtual/pkgconfig"

src_compile() {
	cat > Makefile <<-'END' || die
		SCANNER := $(shell pkg-config --variable=g_ir_scanner gobject-introspection-1.0)
		U-1.gir: u.h libu.so ; $(SCANNER) --quiet --namespace=U --nsversion=1 --include=GObject-2.0 --pkg=gobject-2.0 --library=u -L. --output=$@ u.h
		libu.so: u.c u.h ; gcc -shared -fPIC -Wl,-soname,libu.so -o $@ u.c $$(pkg-config --cflags --libs gobject-2.0)
	END
	printf '#include <glib-object.h>\nint u_answer(void);\n' > u.h || die
	printf '#include "u.h"\nint u_answer(void) { return 42; }\n' > u.c || die
	# the library is asked for its types, whether or not the linker thinks that it is needed
	LDFLAGS=-Wl,--no-as-needed LD_LIBRARY_PATH=${PWD} emake U-1.gir
}

src_install() {
	insinto /usr/share/gir-1.0
	doins U-1.gir
}
