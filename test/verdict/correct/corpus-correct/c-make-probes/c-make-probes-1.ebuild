EAPI=8

DESCRIPTION="a Makefile that describes the machine"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	cat > Makefile <<-'END' || die
		UNAME := $(shell uname -s)
		DISTRO := $(shell lsb_release -si 2>/dev/null)
		CCACHE := $(shell which ccache 2>/dev/null)
		HAVE_VALGRIND := $(shell command -v valgrind)
		LLVM := $(shell llvm-config --version 2>/dev/null)
		ifeq ($(DISTRO),Fedora)
		CFLAGS += -DFEDORA
		endif
		u: u.c ; $(CCACHE) $(CC) $(CFLAGS) -o $@ u.c
		memcheck: u ; valgrind ./u
	END
	echo 'int main(void) { return 0; }' > u.c || die
	emake u
}

src_install() {
	dobin u
}
