EAPI=8

DESCRIPTION="pkg-config --exists switches a feature on"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="virtual/pkgconfig"

src_compile() {
	cat > Makefile <<-'END' || die
		ifeq ($(shell pkg-config --exists libuv && echo yes),yes)
		CPPFLAGS += -DWITH_UV $(shell pkg-config --cflags libuv)
		LDLIBS += $(shell pkg-config --libs libuv)
		endif
		u: u.c ; gcc $(CPPFLAGS) $(CFLAGS) -o $@ u.c $(LDLIBS)
	END
	cat > u.c <<-'END' || die
		#ifdef WITH_UV
		#include <uv.h>
		int main(void) { return uv_version() == 0; }
		#else
		int main(void) { return 0; }
		#endif
	END
	emake
}

src_install() {
	dobin u
}
