EAPI=8

inherit bash-completion-r1 systemd

DESCRIPTION="an ebuild with a completion and a unit: Portage's own checks"
HOMEPAGE="https://example.invalid/"
S="${WORKDIR}"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"

BDEPEND="virtual/pkgconfig"
DEPEND="dev-libs/libyaml"

src_compile() {
	printf '#include <yaml.h>\nint main(void) { return yaml_get_version_string() == 0; }\n' > u.c || die
	gcc ${CFLAGS} -o u u.c $(pkg-config --libs yaml-0.1) || die
	echo 'complete -W "a b" u' > u.bash || die
	printf '[Service]\nExecStart=/usr/bin/u\n' > u.service || die
}

src_install() {
	dobin u
	newbashcomp u.bash u
	systemd_dounit u.service
}
