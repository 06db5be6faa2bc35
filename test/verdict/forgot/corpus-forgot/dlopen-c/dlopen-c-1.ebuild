EAPI=8

DESCRIPTION="a library that a helper program loads by its soname"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	cat > gen.c <<-'END' || die
		#include <dlfcn.h>
		#include <stdio.h>
		int main(void)
		{
			void *lib = dlopen("libcmark.so.0.30.2", RTLD_NOW);
			if (!lib) {
				fprintf(stderr, "%s\n", dlerror());
				return 1;
			}
			char *(*html)(const char *, size_t, int) = (char *(*)(const char *, size_t, int))dlsym(lib, "cmark_markdown_to_html");
			puts(html("*u*", 3, 0));
			return 0;
		}
	END
	gcc ${CFLAGS} -o gen gen.c -ldl || die "compile failed"
	./gen > u.html || die "gen failed"
}

src_install() {
	dodoc u.html
}
