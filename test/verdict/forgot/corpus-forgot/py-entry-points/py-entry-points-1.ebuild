EAPI=8

DESCRIPTION="the entry points of a group are listed"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	cat > gen.py <<-'END' || die
		from importlib.metadata import entry_points
		for point in sorted(entry_points(group="markdown.extensions"), key=lambda one: one.name):
		    print(point.name)
	END
	python3 gen.py > extensions.txt || die
}

src_install() {
	dodoc extensions.txt
}
