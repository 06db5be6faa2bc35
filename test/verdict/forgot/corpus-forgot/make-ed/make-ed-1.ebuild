EAPI=8

DESCRIPTION="a program in a recipe, fed by a pipe"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

src_compile() {
	echo 'prefix=@prefix@' > u.pc.in || die
	cat > Makefile <<-'END' || die
		u.pc: u.pc.in ; cp $< $@ && printf '%s\n' ',s,@prefix@,/usr,g' w q | ed -s $@
	END
	emake u.pc
}

src_install() {
	insinto /usr/share/pkgconfig
	doins u.pc
}
