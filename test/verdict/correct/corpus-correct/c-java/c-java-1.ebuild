EAPI=8

DESCRIPTION="javac and jar"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-java/openjdk:17"

src_compile() {
	printf 'public class U { public static void main(String[] a) { System.out.println("u"); } }\n' > U.java || die
	javac U.java || die "javac failed"
	java -cp . U > u.txt || die "java failed"
	jar --create --file u.jar --main-class U --no-manifest U.class || jar cf u.jar U.class || die "jar failed"
}

src_install() {
	dodoc u.txt
}
