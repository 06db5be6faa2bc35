# Copyright 2026 Gentoo Authors
# Distributed under the terms of the MIT licence

EAPI=8

inherit linux-info shell-completion systemd tmpfiles toolchain-funcs

DESCRIPTION="A view of the root with only what a package may use while it is built"
HOMEPAGE="https://wiki.gentoo.org/wiki/No_homepage"
# What `npm run release` makes. The first is the npm package: its JavaScript is the same on every machine.
SRC_URI="
	${P}.tgz
	libfuse? ( ${P}-libfuse.tgz )
	test? ( ${P}-tests.tgz )
"
S="${WORKDIR}/package"

# What is bundled: dist/src/cli/THIRD-PARTY-LICENSES
LICENSE="MIT BSD BlueOak-1.0.0 ISC"
SLOT="0"
KEYWORDS="~amd64 ~arm64 ~ppc64 ~riscv"
IUSE="doc libfuse prebuilt test"
# The package is made on amd64, and has koffi's binary for that.
REQUIRED_USE="prebuilt? ( amd64 )"
RESTRICT="fetch !test? ( test )"

DEPEND="libfuse? ( sys-fs/fuse:0= )"
RDEPEND="
	${DEPEND}
	>=net-libs/nodejs-20.19
	sys-apps/portage
	sys-apps/util-linux
"
BDEPEND="
	>=net-libs/nodejs-20.19
	libfuse? ( virtual/pkgconfig )
	!prebuilt? ( dev-build/cmake )
"

QA_PREBUILT="
	usr/lib*/node_modules/lvfs/node_modules/@koromix/*
"

CONFIG_CHECK="~FUSE_FS ~NAMESPACES ~PID_NS ~NET_NS ~USER_NS"

pkg_nofetch() {
	einfo "These files are made in a checkout of lvfs, and belong into your DISTDIR:"
	einfo "  npm ci --ignore-scripts && npm run release -- /tmp/lvfs"
	einfo "  cp /tmp/lvfs/distfiles/* \"\$(portageq distdir)\""
}

src_prepare() {
	default
	if use prebuilt; then
		# The one for the other C library cannot be loaded.
		rm -r node_modules/@koromix/*/$(usex elibc_musl linux musl)_* || die
	else
		rm -r node_modules/@koromix || die
	fi
}

src_compile() {
	tc-export CC CXX

	if ! use prebuilt; then
		cd "${S}"/node_modules/koffi || die
		node ./cnoke.cjs -P . -D src/koffi --release --verbose || die "koffi cannot be built"
	fi

	if use libfuse; then
		# binding.gyp would link with a libfuse that another npm package brings; that one is left out.
		cd "${WORKDIR}/${P}-libfuse/node_modules" || die
		mkdir -p fuse-native/build/Release || die
		# Types of function pointers that GCC 14 no longer takes
		# shellcheck disable=SC2086,SC2046 -- lists
		${CC} ${CPPFLAGS} ${CFLAGS} -Wno-incompatible-pointer-types -fPIC -shared ${LDFLAGS} \
			-I"${ESYSROOT}"/usr/include/node -Inapi-macros $($(tc-getPKG_CONFIG) --cflags fuse) \
			-o fuse-native/build/Release/fuse.node fuse-native/fuse-native.c \
			$($(tc-getPKG_CONFIG) --libs fuse) || die "fuse-native cannot be built"
		mkdir fuse-shared-library || die
		echo '{"name":"fuse-shared-library","main":"index.js"}' > fuse-shared-library/package.json || die
		cp "${FILESDIR}"/fuse-shared-library.js fuse-shared-library/index.js || die
		cp -r . "${S}"/node_modules || die
	fi

	cd "${S}" || die
	local shell
	for shell in bash zsh fish; do
		node dist/src/cli/main.js completion ${shell} > "${T}"/completion.${shell} || die
	done
}

src_test() {
	cd "${WORKDIR}/${P}-tests" || die
	# What was built here is tested, by what needs neither root nor a mount.
	rm -rf node_modules/koffi node_modules/@koromix || die
	ln -s "${S}"/node_modules/koffi node_modules/koffi || die
	[[ ! -d ${S}/node_modules/@koromix ]] || ln -s "${S}"/node_modules/@koromix node_modules/@koromix || die
	local -x HOME=${T} LVFS_NO_INSTALL=1
	# Not those that run other programs of the machine: a browser, git, the built command.
	node node_modules/ava/entrypoints/cli.mjs --timeout=10m \
		'dist/test/{unit/{audit,base,filesystem,fuse,portage,system,view},wire}/**/*.test.js' || die "a test failed"
}

src_install() {
	local home=/usr/$(get_libdir)/node_modules/lvfs
	# Of koffi only what is loaded; the rest is its source, and what came of compiling it.
	(
		cd node_modules/koffi || exit
		rm -rf build/koffi/*/v* doc lib vendor README.md CHANGELOG.md cnoke.cjs src/koffi/CMakeLists.txt || exit
		find src -regextype posix-extended -type f -regex '.*\.(cc|hh|inc|S|asm|def)' -delete
		find . -type d -empty -delete
	) || die
	rm -rf node_modules/fuse-native/{example.js,fuse-native.c,semaphore.h,binding.gyp,test,.travis.yml} || die

	insinto "${home}"
	doins -r dist node_modules package.json src
	find node_modules -name '*.node' -print0 | while read -rd '' file; do
		fperms +x "${home}/${file}" || die
	done
	fperms +x "${home}"/dist/src/cli/main.js
	dosym -r "${home}"/dist/src/cli/main.js /usr/bin/lvfs

	exeinto /sbin
	doexe mount-helper/mount.lvfs mount-helper/umount.fuse.lvfs

	doman man/*
	newbashcomp "${T}"/completion.bash lvfs
	newzshcomp "${T}"/completion.zsh _lvfs
	newfishcomp "${T}"/completion.fish lvfs.fish

	systemd_dounit packaging/systemd/lvfs@.service
	newtmpfiles packaging/systemd/lvfs.tmpfiles lvfs.conf
	newinitd packaging/openrc/lvfs.initd lvfs
	newconfd packaging/openrc/lvfs.confd lvfs

	einstalldocs
	dodoc CHANGELOG.md SECURITY.md
	if use doc; then
		dodoc -r docs examples
		docompress -x /usr/share/doc/${PF}/examples
	fi
}

pkg_postinst() {
	tmpfiles_process lvfs.conf
	[[ -n ${REPLACING_VERSIONS} ]] || elog "'lvfs doctor' says whether this machine is ready."
}
