EAPI=8

DESCRIPTION="the top-level modules are listed, plug-ins by their prefix"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	cat > gen.py <<-'END' || die
		import pkgutil
		engines = [module.name for module in pkgutil.iter_modules() if module.name.startswith("mak")]
		print("engines:", *engines)
	END
	python3 gen.py > engines.txt || die
}

src_install() {
	dodoc engines.txt
}
