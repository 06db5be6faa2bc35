EAPI=8

DESCRIPTION="data whose directory is a variable of a .pc file"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-util/wayland-scanner virtual/pkgconfig"

src_compile() {
	cat > Makefile <<-'END' || die
		PROTOCOLS := $(shell pkg-config --variable=pkgdatadir wayland-protocols)
		xdg-shell.h: $(PROTOCOLS)/stable/xdg-shell/xdg-shell.xml ; wayland-scanner client-header $< $@
	END
	emake xdg-shell.h
}

src_install() {
	doheader xdg-shell.h
}
