EAPI=8

DESCRIPTION="a tool that only the test phase runs"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	printf '#!/bin/sh\necho hello\n' > u || die
	chmod +x u || die
}

src_test() {
	mkdir -p testsuite/u.test || die
	printf 'spawn ./u\nexpect {\n\thello { pass "says hello" }\n\tdefault { fail "says hello" }\n}\n' > testsuite/u.test/u.exp || die
	runtest --tool u --srcdir testsuite || die "runtest failed"
}

src_install() {
	dobin u
}
