EAPI=8

DESCRIPTION="automake's 'missing' stands in for the tool and fails"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="dev-build/autoconf dev-build/automake"

src_prepare() {
	default
	cat > configure.ac <<-'END' || die
		AC_INIT([u], [1])
		AM_INIT_AUTOMAKE([foreign])
		AM_MISSING_PROG([HELP2MAN], [help2man])
		AC_CONFIG_FILES([Makefile])
		AC_OUTPUT
	END
	printf 'dist_bin_SCRIPTS = u\nman1_MANS = u.1\nu.1: u\n\t$(HELP2MAN) -N -o $@ ./u\n' > Makefile.am || die
	printf '#!/bin/sh\ncase $1 in --help) echo "Usage: u";; --version) echo "u 1";; esac\n' > u || die
	chmod +x u || die
	autoreconf -fi || die "autoreconf failed"
}
