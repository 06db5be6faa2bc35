EAPI=8

DESCRIPTION="a library that a test loads by its soname through ctypes"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	printf 'import ctypes\nlib = ctypes.CDLL("libonig.so.5")\nlib.onig_version.restype = ctypes.c_char_p\nprint(lib.onig_version())\n' > u.py || die
}

src_test() {
	python3 u.py || die "test failed"
}

src_install() {
	dodoc u.py
}
