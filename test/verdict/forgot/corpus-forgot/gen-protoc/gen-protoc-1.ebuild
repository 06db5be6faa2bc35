EAPI=8

DESCRIPTION="protoc, while its library is declared nowhere either"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	printf 'syntax = "proto3";\nmessage U { int32 a = 1; }\n' > u.proto || die
	printf 'import subprocess, sys\nsys.exit(subprocess.call(["protoc", "--python_out=.", "u.proto"]))\n' > gen.py || die
	python3 gen.py || die "gen.py failed"
}

src_install() {
	insinto /usr/share/u
	doins u_pb2.py
}
