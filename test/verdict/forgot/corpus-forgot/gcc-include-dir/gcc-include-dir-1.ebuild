EAPI=8

DESCRIPTION="a header below a directory that the Makefile names"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	printf '#include <Eigen/Core>\nint main() { return Eigen::Vector2i(1, 2).sum() != 3; }\n' > u.cc || die
	printf 'u: u.cc\n\tg++ -I/usr/include/eigen3 -o $@ $<\n' > Makefile || die
	emake
}

src_install() {
	dobin u
}
