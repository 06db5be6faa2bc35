/**
 * Which Gentoo package a Debian package would be: the names used by {@link file://./debianVdb.ts}.
 *
 * Gentoo packages follow upstream's sources, so the unit is Debian's *source* package: a library, its headers and
 * its tools, which Debian cuts apart, become one package here as they are one on Gentoo. A few binary packages
 * are named apart from their source, where Gentoo has them apart or where their dependencies would drag half of
 * a desktop into @system.
 */

/** The name of a Gentoo package without version: `category/name` and its slot. */
export interface GentooName {
  category: string;
  name: string;
  /** SLOT as an ebuild has it, sub-slot included (`0/6`). */
  slot: string;
}

/** What is known of a Debian binary package when a name is chosen for it. */
export interface DebianName {
  /** Name of the binary package. */
  name: string;
  /** Name of the source package it was built from. */
  source: string;
  /** Names of all installed binary packages of that source. */
  siblings: readonly string[];
  /** Paths it ships; asked for only where the name depends on them. */
  files: () => readonly string[];
}

/**
 * Source packages by category: `source` or `source=name`, with `:slot` behind it when that is not 0. A source with
 * parentheses is a regular expression for the whole name, `$1` its first group. Lines that begin with a blank
 * continue the one before.
 */
const bySource = `
app-accessibility  at-spi2-core
app-admin          debconf cdebconf eselect lsb-release-minimal=lsb-release rsyslog sudo ucf packagekit
                   software-properties
app-arch           bzip2:0/1 cabextract cpio dpkg gzip libarchive:0/13 lz4:0/1 libzstd=zstd:0/1 lzip lzop p7zip pigz
                   rpm tar unzip xz-utils zip brotli
app-crypt          argon2 gnupg2=gnupg gpgme1.0=gpgme krb5=mit-krb5 libb2 libmd libsecret p11-kit pinentry
                   osslsigncode rhash gcr
app-dicts          aspell hunspell
app-editors        ed emacs joe nano vim neovim
app-i18n           uchardet enca
app-misc           ca-certificates jq tmux screen media-types=mime-types pax-utils tree
app-shells         bash bash-completion dash fish zsh mksh
app-text           docbook-xml docbook-xsl ghostscript iso-codes libpaper opensp poppler sgml-base=sgml-common
                   texinfo xmlto xml-core asciidoc asciidoctor
dev-build          autoconf:2.71 (autoconf)(2[.]\\d+)=autoconf:$2 autoconf-archive
                   automake-(1[.]\\d+)=automake:$1 cmake gtk-doc libtool:2 make-dfsg=make meson ninja-build=ninja
                   scons samurai
dev-cpp            abseil=abseil-cpp eigen3=eigen:3 glibmm2.4=glibmm:2 googletest=gtest nlohmann-json3=nlohmann_json
                   tclap yaml-cpp
dev-db             sqlite3=sqlite:3 postgresql-(\\d+)=postgresql:$1 postgresql-common redis mariadb lmdb unixodbc
dev-debug          gdb strace ltrace valgrind
dev-java           openjdk-(\\d+)=openjdk:$1 maven=maven-bin ant java-common=java-config
                   ca-certificates-java=java-cacerts
dev-lang           perl python(3[.]\\d+)=python:$1 python3-defaults=python-exec python3-stdlib-extensions=python-exec
                   ruby([23][.]\\d)=ruby:$1 lua(5[.]\\d)=lua:$1 tcl(8[.]\\d)=tcl:0/$1 tk(8[.]\\d)=tk:0/$1 tcltk-defaults
                   nasm yasm vala swig duktape rustc=rust golang-(1[.]\\d+)=go ocaml
dev-libs           apr apr-util appstream boost(1[.]\\d+)=boost:0/$1 check cmocka cunit cyrus-sasl2 dbus-glib elfutils
                   expat fribidi glib2.0=glib:2 gmp:0/10.4 gobject-introspection hiredis icu
                   intel-processor-trace=libipt isl:0/23 jansson:0/4 json-c:0/5 json-glib libaio libassuan
                   libatomic-ops=libatomic_ops libbpf:0/1 libbsd libcbor libcdio libconfig libconfuse libdaemon
                   libdatrie libedit libev libevent:0/2.1-7 libevdev libffi:0/8 libfido2 libgcrypt20=libgcrypt:0/20
                   libgpg-error libical libinih=inih libinput libjsoncpp=jsoncpp:0/25 libksba libmaxminddb libmspack
                   libnl3=libnl:3 libonig=oniguruma:0/5 pcre2=libpcre2:0/3 pcre3=libpcre:3 libpfm4=libpfm libpipeline
                   libpthread-stubs libsigsegv libsodium:0/23 libtasn1-6=libtasn1:0/6 libtommath libunistring:0/2
                   libusb-1.0=libusb:1 libuv1=libuv:0/1 libverto libxml2:2 libxmlb libxslt libyaml lzo2=lzo:2
                   mpclib3=mpc:0/3 mpfr4=mpfr:0/6 nettle:0/8-6 newt npth nspr nss nss-pem openssl:0/3 popt protobuf
                   protobuf-c re2 snowball=snowball-stemmer source-highlight userspace-rcu uthash wayland
                   wayland-protocols xapian-core xerces-c xmlsec1=xmlsec xxhash
dev-python         cython dbus-python numpy pybind11 pygments pygobject:3 pyjwt pyopenssl pyparsing python-pip=pip
                   pyyaml setuptools six sphinx wheel
dev-util           babeltrace bcc bpftrace ccache cppcheck cscope desktop-file-utils glslang gperf heaptrack indent
                   intltool itstool lcov patchutils pkg-config pkgconf spirv-tools systemtap universal-ctags=ctags
                   vulkan-headers
dev-vcs            git subversion mercurial cvs
gnome-base         dconf gsettings-desktop-schemas librsvg:2 gvfs
gui-libs           gtk4=gtk:4
mail-mta           exim4=exim postfix nullmailer
media-fonts        fonts-(.+)=$1
media-gfx          graphite2 imagemagick graphviz sane-backends
media-libs         alsa-lib alsa-topology-conf alsa-ucm-conf aom=libaom:0/3 dav1d:0/6 flac fontconfig:1.0 freeglut
                   freetype:2 giflib:0/7 glew gst-plugins-base1.0=gst-plugins-base:1.0 gstreamer1.0=gstreamer:1.0
                   harfbuzz:0/4.0.0 jbigkit lcms2=lcms:2 lerc libavif:0/15 libde265 libepoxy libexif libgav1
                   libgd2=gd:2/3 libglu=glu libglvnd libheif libjpeg-turbo:0/0.2 libmad libogg libpng1.6=libpng:0/16
                   libsdl2 libsndfile libvorbis libvpx libwebp:0/7 libyuv mesa openal-soft=openal openjpeg2=openjpeg:2/7
                   opus rust-rav1e=rav1e speex svt-av1 tiff:0/6 vulkan-loader x264 x265
media-sound        pulseaudio
media-video        ffmpeg
net-analyzer       netcat-openbsd=openbsd-netcat rrdtool tcpdump
net-dns            avahi bind9=bind c-ares libidn2:0/2 unbound publicsuffix=publicsuffix-list
net-firewall       iptables nftables
net-fs             nfs-utils samba
net-libs           gnutls28=gnutls:0/30 libmicrohttpd libmnl libndp libnetfilter-conntrack=libnetfilter_conntrack
                   libnfnetlink libnftnl libnsl:0/3 libpcap libproxy libpsl libslirp libsoup2.4=libsoup:2.4 libssh:0/4
                   libssh2 libtirpc:0/3 linux-atm neon27=neon nghttp2:0/14 nodejs rpcsvc-proto rtmpdump serf zeromq3=zeromq
net-misc           chrony curl dhcpcd google-cloud-cli iputils kubectl ntp openssh rsync socat wget whois
net-nds            openldap
net-print          cups
net-wireless       bluez iw wpa=wpa_supplicant
sci-libs           fftw3=fftw:3.0
sci-mathematics    z3
sec-keys           debian-archive-keyring=openpgp-keys-debian
sys-apps           acl apparmor attr base-files=baselayout busybox coreutils dbus debianutils diffutils file findutils
                   gawk grep groff hostname hwdata init-system-helpers iproute2 kbd keyutils:0/1 kmod less
                   lm-sensors man-db manpages=man-pages mawk net-tools netbase original-awk pciutils pcsc-lite sed
                   shadow systemd sysvinit time usbutils util-linux which
sys-auth           elogind libpwquality nss-mdns policykit-1=polkit rtkit
sys-block          parted thin-provisioning-tools
sys-devel          autotools-dev=gnuconfig bc binutils bison flex gcc-(\\d+)=gcc:$1 gcc-defaults=gcc-config gettext
                   llvm-defaults=llvm-config m4 patch
llvm-core          llvm-toolchain-(\\d+)=llvm:$1
sys-fs             bindfs btrfs-progs cryptsetup:0/12 dosfstools e2fsprogs eudev fuse fuse-overlayfs fuse3=fuse:3 lvm2
                   mdadm mergerfs squashfs-tools squashfuse unionfs-fuse xfsprogs
sys-kernel         linux=linux-headers linux-signed-(?:amd64|arm64)=debian-kernel dkms
sys-libs           cracklib db5.3=db:5.3 efivar gdbm:0/6 glibc:2.2 gpm libcap2=libcap libcap-ng liburing libselinux
                   libseccomp libsemanage:0/2 libsepol:0/2 libunwind:0/8 libutempter libxcrypt:0/1 ncurses:0/6 pam
                   readline:0/8 slang2=slang talloc tdb tevent tzdata=timezone-data zlib:0/1 zlib-ng
sys-process        at audit cron cronie htop lsof numactl parallel procps:0/0-ng psmisc
x11-apps           mesa-demos x11-utils xauth xrandr xset
x11-base           xorg=xorg-common xorg-server xorgproto
x11-libs           cairo gdk-pixbuf:2 gtk+2.0=gtk+:2 gtk+3.0=gtk+:3 libdrm libfontenc libice=libICE libpciaccess
                   libsm=libSM libthai libx11=libX11 libxau=libXau libxaw=libXaw libxcb libxcomposite=libXcomposite
                   libxcursor=libXcursor libxdamage=libXdamage libxdmcp=libXdmcp libxext=libXext libxfixes=libXfixes
                   libxi=libXi libxinerama=libXinerama libxkbcommon libxkbfile libxmu=libXmu libxpm=libXpm
                   libxrandr=libXrandr libxrender=libXrender libxshmfence libxss=libXScrnSaver libxt=libXt
                   libxtst=libXtst libxv=libXv libxxf86dga=libXxf86dga libxxf86vm=libXxf86vm pango1.0=pango pixman
                   xcb-util xcb-util-cursor xcb-util-image xcb-util-keysyms xcb-util-renderutil xcb-util-wm xft=libXft
                   xtrans
x11-misc           shared-mime-info util-macros xdg-user-dirs xdg-utils xkeyboard-config xutils-dev=util-macros
x11-themes         adwaita-icon-theme hicolor-icon-theme
`;

/** Binary packages that are named apart from their source, in the same form. */
const byBinary = `
app-admin          python3-software-properties=software-properties
dev-debug          libc-devtools=glibc-tools
dev-util           gtk-update-icon-cache linux-perf.*=perf
sys-apps           (?:libsystemd0|libsystemd-dev|libudev1|libudev-dev|udev)=systemd-utils
sys-kernel         linux-image-.*=debian-kernel linux-(?:headers|kbuild)-.*=debian-headers
`;

/** Gentoo's virtual packages and the alternatives that `app-alternatives` chooses, with who can provide them. */
export const virtuals: Readonly<Record<string, readonly string[]>> = {
  'app-alternatives/awk': ['sys-apps/gawk', 'sys-apps/mawk', 'sys-apps/original-awk', 'sys-apps/busybox'],
  'app-alternatives/bzip2': ['app-arch/bzip2'],
  'app-alternatives/gzip': ['app-arch/gzip', 'app-arch/pigz'],
  'app-alternatives/lex': ['sys-devel/flex'],
  'app-alternatives/ninja': ['dev-build/ninja', 'dev-build/samurai'],
  'app-alternatives/sh': ['app-shells/dash', 'app-shells/bash'],
  'app-alternatives/tar': ['app-arch/tar', 'app-arch/libarchive'],
  'app-alternatives/yacc': ['sys-devel/bison'],
  'virtual/acl': ['sys-apps/acl'],
  'virtual/dev-manager': ['sys-apps/systemd', 'sys-apps/systemd-utils'],
  'virtual/editor': ['app-editors/nano', 'app-editors/vim', 'app-editors/emacs', 'app-editors/ed'],
  'virtual/jdk': ['dev-java/openjdk'],
  'virtual/libc': ['sys-libs/glibc'],
  'virtual/libcrypt': ['sys-libs/libxcrypt'],
  'virtual/libelf': ['dev-libs/elfutils'],
  'virtual/libudev': ['sys-apps/systemd-utils', 'sys-apps/systemd'],
  'virtual/libusb': ['dev-libs/libusb'],
  'virtual/man': ['sys-apps/man-db'],
  'virtual/os-headers': ['sys-kernel/linux-headers'],
  'virtual/pager': ['sys-apps/less'],
  'virtual/pkgconfig': ['dev-util/pkgconf', 'dev-util/pkg-config'],
  'virtual/service-manager': ['sys-apps/systemd', 'sys-apps/sysvinit'],
  'virtual/ssh': ['net-misc/openssh'],
  'virtual/zlib': ['sys-libs/zlib', 'sys-libs/zlib-ng'],
};

/** What Gentoo's profiles put into @system, as far as Debian has it; what is not installed is left out. */
export const systemPackages: readonly string[] = [
  'app-alternatives/awk',
  'app-alternatives/bzip2',
  'app-alternatives/gzip',
  'app-alternatives/sh',
  'app-alternatives/tar',
  'app-arch/bzip2',
  'app-arch/gzip',
  'app-arch/tar',
  'app-arch/xz-utils',
  'app-shells/bash',
  'dev-build/make',
  'dev-lang/perl',
  'net-misc/iputils',
  'net-misc/rsync',
  'net-misc/wget',
  'sys-apps/baselayout',
  'sys-apps/coreutils',
  'sys-apps/debianutils',
  'sys-apps/diffutils',
  'sys-apps/file',
  'sys-apps/findutils',
  'sys-apps/gawk',
  'sys-apps/grep',
  'sys-apps/kbd',
  'sys-apps/kmod',
  'sys-apps/less',
  'sys-apps/sed',
  'sys-apps/shadow',
  'sys-apps/util-linux',
  'sys-apps/which',
  'sys-devel/binutils',
  'sys-devel/gcc',
  'sys-devel/gcc-config',
  'sys-devel/gnuconfig',
  'sys-devel/patch',
  'sys-fs/e2fsprogs',
  'sys-process/procps',
  'sys-process/psmisc',
  'virtual/dev-manager',
  'virtual/editor',
  'virtual/libc',
  'virtual/man',
  'virtual/os-headers',
  'virtual/pager',
  'virtual/service-manager',
  'virtual/ssh',
];

/** The rules of one table: exact names by name, patterns in their order. */
interface RuleTable {
  exact: ReadonlyMap<string, GentooName>;
  patterns: readonly { pattern: RegExp; to: GentooName }[];
}

function readTable(text: string): RuleTable {
  const exact = new Map<string, GentooName>();
  const patterns: { pattern: RegExp; to: GentooName }[] = [];
  let category = '';
  for (const line of text.split('\n').filter((l) => l !== '')) {
    const words = line.trim().split(/\s+/);
    if (!line.startsWith(' ')) category = words.shift() ?? '';
    for (const word of words) {
      const [, from = '', to, slot = '0'] =
        /^((?:\([^)]*\)|[^=:(])+)(?:=([^:]+))?(?::(.+))?$/.exec(word) ?? [];
      if (/[(*]/.test(from)) {
        patterns.push({ pattern: new RegExp(`^(?:${from})$`), to: { category, name: to ?? from, slot } });
      } else if (exact.has(from)) {
        throw new Error(`${from} is named twice`);
      } else {
        exact.set(from, { category, name: to ?? from, slot });
      }
    }
  }
  return { exact, patterns };
}

const sourceTable = readTable(bySource);
const binaryTable = readTable(byBinary);

function lookUp(table: RuleTable, name: string): GentooName | undefined {
  const found = table.exact.get(name);
  if (found !== undefined) return found;
  for (const { pattern, to } of table.patterns) {
    const match = pattern.exec(name);
    if (match === null) continue;
    const fill = (text: string): string => text.replace(/\$(\d)/g, (_, n: string) => match[Number(n)] ?? '');
    return { category: to.category, name: fill(to.name), slot: fill(to.slot) };
  }
  return undefined;
}

/**
 * A valid package name (PMS 3.1.2) that resembles `name`: no dots, and no end that could be taken for a version.
 */
export function validPackageName(name: string): string {
  return name
    .replace(/[^A-Za-z0-9+_-]/g, '_')
    .replace(/^[-+]+/, '')
    .replace(/-(?=\d[^-]*$)/, '_')
    .replace(/-+$/, '');
}

/** `dev-perl/File-FcntlLock` for libfile-fcntllock-perl: the case of the letters is that of a module it ships. */
function perlName(name: string, files: readonly string[]): string {
  const plain = name.replace(/^lib/, '').replace(/-perl$/, '');
  const wanted = `/${plain.replaceAll('-', '/')}.pm`;
  const module = files.find((file) => file.toLowerCase().endsWith(wanted));
  return module === undefined ? plain : module.slice(-wanted.length + 1, -3).replaceAll('/', '-');
}

/**
 * The Gentoo name of a Debian package: from the tables, else by rule (Perl, Python and Java libraries), else
 * `debian/<source>`.
 */
export function gentooName(debian: DebianName): GentooName {
  const known = lookUp(binaryTable, debian.name) ?? lookUp(sourceTable, debian.source);
  if (known !== undefined) return known;
  const all = (pattern: RegExp): boolean => debian.siblings.every((name) => pattern.test(name));
  const named = (category: string, name: string): GentooName => ({
    category,
    name: validPackageName(name),
    slot: '0',
  });
  if (all(/^lib.+-perl$/)) return named('dev-perl', perlName(debian.source, debian.files()));
  if (all(/^(python3?|pypy3?)-.+/)) return named('dev-python', debian.source.replace(/^python3?-/, ''));
  if (all(/-java(-doc)?$/)) return named('dev-java', debian.source.replace(/^lib(?=.+-java$)|-java$/g, ''));
  return named('debian', debian.source);
}
