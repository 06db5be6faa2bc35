EAPI=8

DESCRIPTION="(wildcard) lists headers, with which a feature is switched on"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	cat > Makefile <<-'END' || die
		ifneq ($(wildcard /usr/include/yam*.h),)
		CPPFLAGS += -DWITH_YAML
		LDLIBS += -lyaml
		endif
		u: u.c ; gcc $(CPPFLAGS) $(CFLAGS) -o $@ u.c $(LDLIBS)
	END
	cat > u.c <<-'END' || die
		#ifdef WITH_YAML
		#include <yaml.h>
		int main(void) { return yaml_get_version_string() == 0; }
		#else
		int main(void) { return 0; }
		#endif
	END
	emake
}

src_install() {
	dobin u
}
