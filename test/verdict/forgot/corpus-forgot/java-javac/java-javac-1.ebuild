EAPI=8

DESCRIPTION="javac, through links of /etc/alternatives"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	printf 'class U { public static void main(String[] a) { System.out.println("u"); } }\n' > U.java || die
	javac U.java || die "javac failed"
}

src_install() {
	insinto /usr/share/u
	doins U.class
}
