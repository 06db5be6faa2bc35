/**
 * What widely used tools look for of their own accord where the process tree cannot tell: they do it while they carry out the
 * target's instructions. Each rule has its reason; `lvfs config` prints them, and they can be switched off.
 */
import { baseName } from '../base/index.js';
import type { ProcessRecord } from './events.js';

/** Names that a tool looks for whatever it is told to do. */
export interface Habit {
  /** What names the rule in the configuration. */
  readonly name: string;
  /** Base names of the programs, or scripts, that look. */
  readonly by: RegExp;
  /** Base names of what they look for. */
  readonly names: ReadonlySet<string>;
  readonly reason: string;
  /** They do it in vain only when they were given such an option; absent: always. */
  readonly option?: RegExp;
}

function habit(name: string, by: RegExp, names: string, reason: string): Habit {
  return { name, by, names: new Set(names.split(' ')), reason };
}

export const habits: readonly Habit[] = [
  habit(
    'configure-host',
    /^(?:configure|config\.(?:guess|sub|status))$/,
    'hostname uname arch hostinfo machine oslevel universe dpkg-architecture',
    'each configure script of autoconf describes the machine in config.log',
  ),
  habit(
    'configure-shell',
    /^(?:configure|config\.status|libtool|ltmain\.sh)$/,
    'zsh ksh ksh93 mksh print cygpath dumpbin mt mc manifest-tool lipo otool nmedit dsymutil dlltool',
    'each configure script of autoconf and libtool looks for the tools of other systems',
  ),
  {
    ...habit(
      'configure-nls',
      /^configure$/,
      'msgfmt gmsgfmt xgettext msgmerge',
      "gettext's macros look for its programs although --disable-nls was given",
    ),
    option: /^--(?:disable-nls|enable-nls=no)$/,
  },
  {
    ...habit(
      'configure-gtk-doc',
      /^configure$/,
      'gtkdoc-check gtkdoc-check.test gtkdoc-rebase gtkdoc-mkpdf dblatex fop',
      "gtk-doc's macro looks for its programs although --disable-gtk-doc was given",
    ),
    option: /^--(?:disable-gtk-doc|enable-gtk-doc=no)$/,
  },
  habit(
    'meson',
    /^(?:meson|meson\.py)$/,
    'dpkg-architecture git hg ctags cscope etags ccache sccache cmake scan-build clang-format clang-tidy gcovr lcov genhtml gcov llvm-cov valgrind gdb exe_wrapper dpkg rpm',
    'meson looks for it by itself in each project',
  ),
  habit(
    'cmake',
    /^(?:cmake|ccmake|ctest)$/,
    'git hg svn svnadmin cvs bzr p4 purify valgrind gcov memcheck ccache distcc dot X11 Xlib.h X.h libX11.so icccm mt addr2line dlltool windres rc dsymutil otool install_name_tool readelf objdump bcheck BoundsChecker codelite kate sublime_text eclipse',
    "CMake's own modules look for it in each project",
  ),
  habit(
    'pip',
    /^(?:pip[\d.]*|python[\d.]*|gpep517)$/,
    'lsb_release uname os-release git hg svn bzr ldconfig',
    'pip and setuptools describe the machine, and look for a version control',
  ),
  habit(
    'tls',
    /^(?:python[\d.]*|pypy[\d.]*|node|nodejs|ruby[\d.]*|perl[\d.]*|php[\d.]*|curl|wget2?|git(?:-remote-https?)?|openssl|gnutls-cli|cargo|go)$/,
    'ca-certificates.crt ca-bundle.crt cert.pem',
    'libraries for TLS read whom they may trust before anybody connects, and a build connects to nobody',
  ),
];

/** The habit that explains why a process looked for a file; undefined when none does. */
export function habitOf(
  path: string,
  record: ProcessRecord | undefined,
  list: readonly Habit[] = habits,
): Habit | undefined {
  if (record === undefined) return undefined;
  const wanted = baseName(path);
  const programs = [record.comm, baseName(record.program), ...record.arguments.slice(0, 2).map(baseName)];
  return list.find(
    ({ by, names, option }) =>
      names.has(wanted) &&
      programs.some((name) => by.test(name)) &&
      (option === undefined || record.arguments.some((word) => option.test(word))),
  );
}

/** Whether some tool has the habit to look for a file, whatever it is told to do. */
export function isHabitual(path: string, list: readonly Habit[] = habits): boolean {
  const wanted = baseName(path);
  return list.some(({ names, option }) => names.has(wanted) && option === undefined);
}
