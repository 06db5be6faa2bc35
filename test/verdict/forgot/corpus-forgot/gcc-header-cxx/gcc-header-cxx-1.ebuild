EAPI=8

DESCRIPTION="a header of a C++ library that is only headers"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	printf '#include <nlohmann/json_fwd.hpp>\nint main() { return sizeof(nlohmann::json *) == 0; }\n' > u.cc || die
	g++ ${CXXFLAGS} -o u u.cc || die "compile failed"
}

src_install() {
	dobin u
}
