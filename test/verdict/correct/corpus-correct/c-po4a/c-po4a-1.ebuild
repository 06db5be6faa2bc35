EAPI=8

DESCRIPTION="a Perl program with optional modules"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="app-text/po4a"

src_compile() {
	printf '=head1 NAME\n\nu - does nothing\n' > u.pod || die
	po4a-updatepo -f pod -m u.pod -p u.pot || die "po4a-updatepo failed"
	grep -q 'does nothing' u.pot || die
	echo made > made || die
}

src_install() {
	dodoc made
}
