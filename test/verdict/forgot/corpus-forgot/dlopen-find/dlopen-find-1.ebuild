EAPI=8

DESCRIPTION="ctypes.util.find_library gives nothing"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_test() {
	printf 'import ctypes.util, sys\nn = ctypes.util.find_library("usb-1.0")\nif n is None:\n    sys.exit("backend not available")\n' > t.py || die
	python3 t.py || die "test failed"
}

src_install() {
	:
}
