/**
 * Places that no package's CONTENTS lists and that a build may see all the same, places that are only mount points,
 * and trees that are nobody's business. `lvfs paths` prints them, the configuration adds to them.
 */
import { namedIn, type SystemName } from '../base/index.js';
import type { CacheFormatName } from './compiled/formats.js';
import { isGlob, literalGlob } from './glob.js';

/**
 * How an entry is meant:
 *  - `tree`: the path and, when it is a directory, all that nobody owns below it;
 *  - `directory`: only the directory itself, because something is mounted over it; nothing unowned below it;
 *  - `private`: nothing that nobody owns, and no search for links goes in. With `/*` at its end: so is each directory in
 *    there that no installed package owns or has anything in;
 *  - `beside`, always with `/*` at its end: in each directory there, what nobody owns is shown exactly when a visible package
 *    has something in that directory;
 *  - `filtered`: ends a tree around it: below, everything is decided as where there is no place at all.
 */
export type SystemPathKind = 'tree' | 'directory' | 'private' | 'beside' | 'filtered';

/** One entry of the list. */
export interface SystemPath {
  /**
   * Absolute path inside the root, or a glob (`*`, `?`, `[…]`, `{…}`, `**`) for `tree` entries, or `DIR/*` for
   * `private` and `beside` ones. Directories in front of the last component, or of the first that is no literal, are taken
   * through the root's own links.
   */
  path: string;
  kind: SystemPathKind;
  /** `category/name` of the packages that generate it, marked as packages are: shown exactly when one of them is visible. */
  packages?: readonly string[];
  /**
   * What is at this path, and below it, is compiled from the files of packages: the view shows it as made of the visible ones,
   * whoever owns it.
   */
  compiled?: CacheFormatName;
  /** Why it is in the list: a sentence for `lvfs paths`. */
  reason: string;
  /**
   * Whether links are followed, wherever they lead: `itself` when the path is a link, `within` also for each link in there. What
   * they lead to, and the links on the way, are places of the same kind.
   */
  follow?: 'itself' | 'within';
}

function tree(path: string, reason: string, ...packages: string[]): SystemPath {
  return packages.length === 0 ? { path, kind: 'tree', reason } : { path, kind: 'tree', packages, reason };
}

/** Configuration that is often kept elsewhere, under version control, with links to it. */
function linked(path: string, reason: string): SystemPath {
  return { ...tree(path, reason), follow: 'within' };
}

function cache(path: string, compiled: CacheFormatName, reason: string, ...packages: string[]): SystemPath {
  return { ...tree(path, reason, ...packages), compiled };
}

function directory(path: string, reason: string): SystemPath {
  return { path, kind: 'directory', reason };
}

function priv(path: string, reason: string): SystemPath {
  return { path, kind: 'private', reason };
}

/** The built-in entries. More special ones may follow more general ones: the longest path decides. */
export const systemPaths: readonly SystemPath[] = [
  // Users, hosts and names
  tree('/etc/passwd', 'Users; Portage drops to its own user and every `id` asks.'),
  tree('/etc/group', 'Groups; as for users.'),
  tree('/etc/shadow', 'Passwords, readable by root only; PAM and useradd look for the file.'),
  tree('/etc/gshadow', 'Group passwords, readable by root only.'),
  tree('/etc/subuid', 'Ranges of user ids for user namespaces.'),
  tree('/etc/subgid', 'Ranges of group ids for user namespaces.'),
  tree('/etc/nsswitch.conf', 'Where the C library looks for users, hosts and services.'),
  tree('/etc/hosts', 'Names of this host; tests that open sockets need localhost.'),
  tree('/etc/hostname', 'The name of this host.'),
  tree('/etc/host.conf', 'How the C library resolves host names.'),
  tree('/etc/resolv.conf', 'Name servers, for fetching sources.'),
  tree('/etc/gai.conf', 'The order of network addresses.'),
  tree('/etc/networks', 'Names of networks.'),
  tree('/etc/services', 'Names of ports.'),
  tree('/etc/protocols', 'Names of protocols.'),
  tree('/etc/machine-id', 'The id of this machine; D-Bus clients abort without it.'),
  // The machine
  tree('/etc/localtime', 'The time zone of this machine.'),
  tree('/etc/timezone', 'The name of the time zone.'),
  tree('/etc/adjtime', 'Whether the clock runs in UTC.'),
  tree('/etc/locale.conf', 'The locale of this machine.'),
  tree('/etc/locale.gen', 'The locales to generate; locale-gen and glibc ebuilds read it.'),
  tree('/etc/default/locale', 'The locale of this machine, on Debian.'),
  tree('/etc/vconsole.conf', 'Keyboard and console font.'),
  tree('/etc/gentoo-release', 'The name of the system.'),
  tree('/etc/os-release', 'The name of the system, read by configure scripts and cmake.'),
  tree('/etc/debian_version', 'The name of the system, on Debian.'),
  tree('/etc/lsb-release', 'The name of the system.'),
  tree('/etc/mtab', 'The table of mounts: a link into /proc.'),
  tree('/etc/fstab', 'The file systems of this machine; df and mount read it.'),
  tree('/etc/login.defs', 'Defaults of user management.'),
  cache('/etc/shells', 'path-lines', 'The shells a user may have.'),
  tree('/etc/securetty', 'Terminals root may use.'),
  tree('/etc/environment', 'Environment variables for all sessions.'),
  tree('/etc/inputrc', 'Key bindings of readline.'),
  tree('/etc/sysctl.conf', 'Kernel settings.'),
  tree('/etc/modules-load.d', 'Kernel modules to load.'),
  tree('/etc/modprobe.d', 'Options of kernel modules; linux-mod ebuilds look there.'),
  tree('/etc/kernel', 'Settings of kernel installation.'),
  tree('/etc/pam.d', 'Login rules; su and sudo in a build need theirs.'),
  tree('/etc/security', 'Limits of sessions.', 'sys-libs/pam'),
  tree('/etc/sandbox.conf', 'Settings of the sandbox.', 'sys-apps/sandbox'),
  tree('/etc/sandbox.d', 'Settings of the sandbox.', 'sys-apps/sandbox'),
  tree('/etc/distcc', 'Hosts for distributed builds.', 'sys-devel/distcc', 'dev-util/distcc'),
  tree('/etc/ccache.conf', 'Settings of the compiler cache.', 'dev-util/ccache'),
  tree('/etc/gitconfig', 'Settings of git for all users.', 'dev-vcs/git'),
  tree('/etc/wgetrc', 'Settings of wget.', 'net-misc/wget'),

  // What env-update makes of all packages' env.d files
  tree('/etc/env.d', 'Environment of all packages, and the state of gcc-config and binutils-config.'),
  cache(
    '/etc/profile.env',
    'environment',
    'The environment that env-update generates; Portage reads it in each run.',
  ),
  cache('/etc/csh.env', 'environment', 'The same for csh.'),
  tree('/etc/environment.d', 'The same for systemd.'),
  cache('/etc/environment.d/10-gentoo-env.conf', 'environment', 'The environment that env-update generates.'),
  tree('/etc/prelink.conf.d', 'Written by env-update.'),
  tree('/etc/revdep-rebuild', 'Written by env-update and packages with libraries of their own.'),
  cache('/etc/ld.so.conf', 'path-lines', 'Library directories, generated by env-update.'),
  tree('/etc/ld.so.conf.d', 'Library directories: gcc-config names libstdc++ here.'),
  cache('/etc/ld.so.cache', 'loader', 'The loader’s cache, by ldconfig.'),
  cache('/etc/ld.so.preload', 'path-lines', 'Libraries loaded into every process.'),

  // Portage
  linked('/etc/portage', 'Portage’s configuration: make.conf, the profile, package.use and so on.'),
  linked('/etc/make.conf', 'The older place of make.conf.'),
  linked('/etc/make.profile', 'The older place of the profile.'),
  tree('/etc/make.globals', 'The older place of make.globals.'),
  tree('/etc/dispatch-conf.conf', 'Settings of configuration updates.', 'sys-apps/portage'),
  tree('/etc/etc-update.conf', 'Settings of configuration updates.', 'sys-apps/portage'),
  tree('/etc/java-config-2', 'The Java machines that java-config has chosen.'),
  tree(
    '/etc/python-exec',
    'The order of Python versions.',
    'dev-lang/python-exec-conf',
    'dev-lang/python-exec',
  ),
  tree('/etc/eselect', 'State of eselect modules.'),
  tree('/var/lib/gentoo', 'News and the list of unread ones: emerge counts them.'),
  linked('/var/lib/portage', 'World and configuration memory of Portage.'),
  tree('/var/db/repos', 'Ebuild repositories with profiles, eclasses and metadata.'),
  tree('/usr/portage', 'The older place of the main repository.'),
  tree('/var/lib/repos', 'Overlays.'),
  tree('/var/lib/layman', 'Overlays.'),
  directory('/usr/portage/distfiles', 'The older place of sources.'),
  directory('/usr/portage/packages', 'The older place of binary packages.'),

  // Toolchain
  tree('/usr/lib/locale/locale-archive', 'Locales that locale-gen has made.', 'sys-libs/glibc'),
  tree('/usr/lib{,32,64}/locale/**', 'Locales that locale-gen has made.', 'sys-libs/glibc'),
  cache(
    '/usr/lib{,32,64}/{,*/}gconv/gconv-modules.cache',
    'beside-files',
    'Character sets, by iconvconfig.',
    'sys-libs/glibc',
  ),
  tree(
    '/usr/lib/binutils-config',
    'The linker that binutils-config has chosen.',
    'sys-devel/binutils-config',
  ),
  tree('/usr/bin/c89', 'A script of gcc-config.', 'sys-devel/gcc-config'),
  tree('/usr/bin/c99', 'A script of gcc-config.', 'sys-devel/gcc-config'),
  tree('/{usr/,}lib{,32,64}/libgcc_s.so*', 'Copied by gcc-config for the boot.', 'sys-devel/gcc'),
  tree('/{usr/,}lib{,32,64}/libunwind.so*', 'Copied by gcc-config for the boot.', 'sys-devel/gcc'),
  tree('/var/lib/texmf', 'Formats and maps that the TeX tools generate.', 'app-text/texlive-core'),
  tree('/etc/texmf', 'Settings that texmf-update generates.', 'app-text/texlive-core'),
  cache(
    '/etc/texmf/web2c/{texmf.cnf,fmtutil.cnf,updmap.cfg}',
    'joined-lines',
    'Settings that texmf-update generates.',
    'app-text/texlive-core',
  ),
  cache(
    '/etc/texmf/language.{dat,def}',
    'joined-lines',
    'Hyphenation that texmf-update generates.',
    'app-text/texlive-core',
  ),
  cache(
    '/{usr/share/texmf{,-dist,-site},usr/share/texlive/texmf-dist,var/lib/texmf,etc/texmf}/ls-R',
    'ls-R',
    'File lists of TeX, by mktexlsr.',
    'app-text/texlive-core',
  ),
  cache(
    '/var/lib/texmf/ls-R-{TEXLIVEDIST,TEXMFMAIN}',
    'ls-R',
    'File lists of TeX, on Debian.',
    'app-text/texlive-core',
  ),
  cache(
    '/usr/lib{,32,64}/{,*/}perl{,5}/**/perllocal.pod',
    'perllocal',
    'What Perl modules have noted.',
    'dev-lang/perl',
  ),
  cache(
    '/{usr/lib{,64}/perl5/**,usr/share/perl5/XML/SAX,etc/perl/XML/SAX}/ParserDetails.ini',
    'perl-parsers',
    'XML parsers that perl-module ebuilds register.',
    'dev-perl/XML-SAX',
  ),
  cache(
    '/usr/share/emacs/site-lisp/site-gentoo.el',
    'joined-files',
    'Made of all packages’ files.',
    'app-emacs/emacs-common',
    'app-emacs/emacs-common-gentoo',
  ),
  tree(
    '/usr/share/emacs/site-lisp/subdirs.el',
    'Made of the directories there.',
    'app-emacs/emacs-common',
    'app-emacs/emacs-common-gentoo',
  ),
  cache(
    '/{usr/lib{,64}/ghc*,var/lib/ghc}/{,**/}package.conf.d/package.cache',
    'haskell',
    'Haskell packages, by ghc-pkg.',
    'dev-lang/ghc',
  ),
  tree(
    '/{usr/lib{,64}/ghc*,var/lib/ghc}/{,**/}package.conf.d/package.cache.lock',
    'Haskell packages, by ghc-pkg.',
    'dev-lang/ghc',
  ),
  cache('/usr/lib{,64}/ocaml/ld.conf', 'path-lines', 'Directories of OCaml’s libraries.', 'dev-lang/ocaml'),
  cache(
    '/usr/share/vim/{vimfiles,vim[0-9]*}/doc/tags',
    'help-tags',
    'An index of vim’s help, by :helptags.',
    'app-editors/vim-core',
  ),
  tree('/usr/lib{,64}/R/library/R.css', 'Made by R.', 'dev-lang/R'),
  tree('/etc/vala', 'Settings of Vala.', 'dev-lang/vala'),
  tree(
    '/etc/clang',
    'Which GCC clang uses, noted by gcc-config.',
    'llvm-core/clang-common',
    'sys-devel/clang-common',
  ),
  tree('/usr/share/octave/octave_packages', 'Packages that Octave knows.', 'sci-mathematics/octave'),
  {
    path: '/usr/src/*',
    kind: 'beside',
    reason:
      'Configuration of a kernel and what was made of its sources; packages of modules build with them.',
  },

  // Generated caches of libraries and desktops
  tree(
    '/etc/ssl/certs',
    'Certificate authorities, collected by update-ca-certificates.',
    'app-misc/ca-certificates',
  ),
  tree('/etc/ssl/openssl.cnf', 'Settings of OpenSSL.', 'dev-libs/openssl'),
  tree('/etc/ca-certificates.conf', 'The authorities to trust.', 'app-misc/ca-certificates'),
  tree(
    '/etc/pki',
    'Certificate authorities in the layout of p11-kit.',
    'app-misc/ca-certificates',
    'app-crypt/p11-kit',
  ),
  cache(
    '/usr/share/glib-2.0/schemas/gschemas.compiled',
    'schemas',
    'Settings schemas, by glib-compile-schemas.',
    'dev-libs/glib',
  ),
  cache(
    '/usr/lib{,32,64}/{,*/}gio/modules/giomodule.cache',
    'module-list',
    'Modules of GIO, by gio-querymodules.',
    'dev-libs/glib',
  ),
  cache(
    '/usr/lib{,32,64}/{,*/}gdk-pixbuf-2.0/*/loaders.cache',
    'module-paragraphs',
    'Image loaders, by gdk-pixbuf-query-loaders.',
    'x11-libs/gdk-pixbuf',
  ),
  cache(
    '/usr/lib{,32,64}/{,*/}gtk-2.0/*/immodules.cache',
    'module-paragraphs',
    'Input methods, by gtk-query-immodules.',
    'x11-libs/gtk+',
  ),
  cache(
    '/usr/lib{,32,64}/{,*/}gtk-3.0/*/immodules.cache',
    'module-paragraphs',
    'Input methods, by gtk-query-immodules.',
    'x11-libs/gtk+',
  ),
  cache(
    '/usr/lib{,32,64}/{,*/}gtk-4.0/*/*/giomodule.cache',
    'module-list',
    'Modules of GTK 4.',
    'gui-libs/gtk',
  ),
  cache(
    '/usr/share/mime/{XMLnamespaces,aliases,generic-icons,globs,globs2,icons,magic,mime.cache,subclasses,treemagic,types,version}',
    'file-types',
    'File types, by update-mime-database.',
    'x11-misc/shared-mime-info',
  ),
  cache(
    '/usr/share/mime/{application,audio,chemical,font,image,inode,message,model,multipart,text,video,x-content,x-epoc,x-scheme-handler}/*.xml',
    'file-types',
    'File types, by update-mime-database.',
    'x11-misc/shared-mime-info',
  ),
  cache(
    '/usr/share/applications/mimeinfo.cache',
    'desktop-types',
    'Programs by file type, by update-desktop-database.',
    'dev-util/desktop-file-utils',
  ),
  cache(
    '/usr/share/icons/*/icon-theme.cache',
    'beside-files',
    'Icons, by gtk-update-icon-cache.',
    'dev-util/gtk-update-icon-cache',
  ),
  cache(
    '/usr/share/fonts/**/{fonts.dir,fonts.scale,encodings.dir}',
    'font-list',
    'Fonts, by mkfontscale.',
    'media-libs/fontconfig',
    'x11-apps/mkfontscale',
  ),
  tree('/usr/share/fonts/**/.uuid', 'Names of caches, by fc-cache.', 'media-libs/fontconfig'),
  tree('/etc/fonts/conf.d', 'The font rules that eselect has chosen.', 'media-libs/fontconfig'),
  cache(
    '/var/cache/fontconfig',
    'font-cache',
    'The fonts of this machine, by fc-cache.',
    'media-libs/fontconfig',
  ),
  cache(
    '/usr/share/info/dir',
    'info',
    'The contents page of the info manuals, by install-info.',
    'sys-apps/texinfo',
  ),
  cache(
    '/etc/xml',
    'xml-catalog',
    'XML catalogues, by xmlcatalog and build-docbook-catalog.',
    'app-text/xml-common',
    'app-text/xml-core',
    'app-text/build-docbook-catalog',
    'dev-libs/libxml2',
  ),
  cache('/etc/sgml', 'sgml-catalog', 'SGML catalogues, by install-catalog.', 'app-text/sgml-common'),
  cache(
    '/var/lib/sgml-base/supercatalog',
    'sgml-catalog',
    'SGML catalogues, on Debian.',
    'app-text/sgml-common',
  ),
  cache('/usr/lib{,64}/{,*/}vlc/plugins/plugins.dat', 'beside-files', 'Plugins of VLC.', 'media-video/vlc'),
  tree('/usr/lib{,32,64}/ImageMagick*/config*/*', 'Settings of ImageMagick.', 'media-gfx/imagemagick'),
  cache(
    '/etc/gconf/gconf.xml.{defaults,mandatory}/**',
    'of-directories',
    'Settings schemas, by gconftool.',
    'gnome-base/gconf',
  ),
  cache('/etc/dconf/db/*', 'of-directories', 'Settings of dconf, compiled.', 'gnome-base/dconf'),
  cache(
    '/{usr/,}lib/udev/hwdb.bin',
    'of-directories',
    'Hardware descriptions, by udevadm.',
    'sys-apps/systemd-utils',
    'sys-apps/systemd',
    'sys-fs/eudev',
  ),
  cache(
    '/etc/udev/hwdb.bin',
    'of-directories',
    'Hardware descriptions, by udevadm.',
    'sys-apps/systemd-utils',
    'sys-apps/systemd',
    'sys-fs/eudev',
  ),
  tree('/usr/share/misc/magic.mgc', 'Compiled file types.', 'sys-apps/file'),
  cache(
    '/usr/lib{,64}/qt*/mkspecs/qconfig.pri',
    'qt-config',
    'What Qt was built with, updated by each part of Qt.',
    'dev-qt/qtcore',
    'dev-qt/qtbase',
  ),
  cache(
    '/usr/include/qt5/Gentoo/gentoo-qconfig.h',
    'joined-lines',
    'Made of the parts of Qt 5.',
    'dev-qt/qtcore',
  ),

  // Mount points: something of the host is bound over them
  directory('/proc', 'Mounted over; Portage wants a mount point here.'),
  directory('/sys', 'Mounted over.'),
  directory('/dev', 'Mounted over.'),
  directory('/run', 'Mounted over.'),
  directory('/var/run', 'The older name of /run.'),
  directory('/tmp', 'Writable: mounted over.'),
  directory('/var/tmp', 'Writable: mounted over; Portage builds in it.'),
  directory('/var/log', 'Writable: mounted over; emerge keeps its log here.'),
  directory('/var/db', 'Mounted over: Portage locks and links files beside the database.'),
  directory('/var/cache/edb', 'Writable: mounted over; Portage keeps its own memory here.'),
  directory('/var/cache/distfiles', 'Sources: mounted over.'),
  directory('/var/cache/binpkgs', 'Binary packages: mounted over.'),

  // Never searched, never shown
  priv('/home', 'Users’ own files.'),
  priv('/root', 'The administrator’s own files.'),
  priv('/mnt', 'Other file systems.'),
  priv('/media', 'Other file systems.'),
  priv('/srv', 'Data of services.'),
  priv('/boot', 'Kernels and boot loaders.'),
  priv('/lost+found', 'Left by fsck.'),
  priv('/*', 'Directories at the top that no package has anything in.'),
  priv('/usr/src/*', 'Sources of kernels that no package has anything in.'),
  priv('/var/cache', 'What can be made again.'),
  priv('/var/spool', 'Mail and jobs.'),
  priv('/var/mail', 'Mail.'),
  priv('/var/backups', 'Copies of other files.'),
  ...[
    'containerd',
    'containers',
    'docker',
    'flatpak',
    'incus',
    'libvirt',
    'lxc',
    'lxd',
    'machines',
    'portables',
    'snapd',
  ].map((name) => priv(`/var/lib/${name}`, 'Other systems and their programs.')),
  ...['mysql', 'postgresql', 'systemd/coredump'].map((name) => priv(`/var/lib/${name}`, 'Data of services.')),
];

/** An entry of the list for a system at `place`. */
function below(place: string, system: SystemName): (entry: SystemPath) => SystemPath {
  const escaped = literalGlob(place);
  return ({ packages, ...entry }) => ({
    ...entry,
    path: (entry.kind === 'tree' && isGlob(entry.path) ? escaped : place) + entry.path,
    ...(packages === undefined
      ? {}
      : { packages: packages.map((name) => (system === 'root' ? name : namedIn(system, name))) }),
  });
}

/**
 * What is added for a sysroot (absolute, without a trailing slash): the built-in entries below it, shown with the sysroot's own
 * packages.
 */
export function systemPathsOfSysroot(sysroot: string): SystemPath[] {
  return [
    { path: sysroot, kind: 'filtered', reason: 'The sysroot: what its packages own, and what follows.' },
    ...systemPaths.map(below(sysroot, 'sysroot')),
  ];
}

/** What is mounted over in the tree around a prefix, too. */
const mountedOver: ReadonlySet<string> = new Set(['/proc', '/sys', '/dev', '/run', '/tmp', '/var/tmp']);

/**
 * The list for a Gentoo Prefix at `prefix` (absolute, without a trailing slash): the built-in entries below it, and around
 * it the foreign host as it is, of which Portage knows nothing.
 */
export function systemPathsOfPrefix(prefix: string): SystemPath[] {
  return [
    tree('/', 'The host around the prefix, which no package of it owns.'),
    ...systemPaths.filter(({ path }) => mountedOver.has(path)),
    { path: prefix, kind: 'filtered', reason: 'The prefix: only what its packages own, and what follows.' },
    ...systemPaths.map(below(prefix, 'root')),
  ];
}
