EAPI=8

DESCRIPTION="a module in eval, with an effect on what is made"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-lang/perl"

src_compile() {
	cat > gen.pl <<-'END' || die
		my $fast = eval { require XML::LibXML; 1 };
		print "parser: ", ($fast ? "libxml" : "own"), "\n";
	END
	perl gen.pl > u.txt || die
}

src_install() {
	dodoc u.txt
}
