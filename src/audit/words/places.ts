/**
 * Where the tools look: for each kind of thing the files that would be it. Directories are those of the tools' own
 * search paths on Linux, in Gentoo's, Debian's and the FHS's layout.
 */
import type { PackageId } from '../../base/index.js';
import type { NamedKind, Wanted } from './wanted.js';

/** How far from where a tool looks by itself: 0 there, 1 where it is told to look, 2 somewhere near. */
export type Distance = 0 | 1 | 2;

/** A hidden file that would have satisfied somebody. */
export interface Found {
  readonly path: string;
  readonly owners: readonly PackageId[];
  readonly distance: Distance;
}

/** Files that would satisfy a need. */
export interface Place {
  /** End of the path: a name, or several components. At most one `*` in the last one stands for anything. */
  readonly tail: string;
  /** The directory that the end is below, with a slash at its end; an absolute path without links. */
  readonly directory: RegExp;
  readonly distance: Distance;
  /** A directory is meant, too: whatever is in it is then part of the thing. */
  readonly orDirectory?: boolean;
  /** What the whole path has to be besides. */
  readonly path?: RegExp;
  /** Counts only if a .pc file of the same package has the compiler search the directory. */
  readonly ifSearched?: boolean;
}

/** Files that tell by their text whether they have what is needed. */
export interface TextSearch {
  readonly files: readonly Place[];
  /** Whether a file with this text has it: 0 no, more the better it fits. */
  defines(text: string): number;
}

/** What GNU calls a system (config.guess): `x86_64-linux-gnu`. */
const triplet = String.raw`[a-z0-9_]+-(?:[\w.]+-)?(?:linux|gnu)[\w-]*`;
const lib = String.raw`(?:usr/(?:local/)?)?lib(?:32|64|x32)?`;

const programs: readonly [RegExp, Distance][] = [
  [/^\/(?:usr\/(?:local\/)?)?(?:s?bin|games)\/$/, 0],
  // llvm's, java's, qt's and the compilers' own directories; /opt.
  [/^\/(?!.*\/(?:doc|examples?|tests?)\/).*\/[\w-]*bin\/(?:[\d.]+\/)?$/, 1],
];

const headers: readonly [RegExp, Distance][] = [
  [
    new RegExp(
      `^/(?:usr/(?:local/)?include/(?:${triplet}/|c\\+\\+/[^/]+/)?|${lib}/(?:gcc/${triplet}|clang|llvm)/.*include(?:-fixed)?/(?:g\\+\\+-v\\d+/)?)$`,
    ),
    0,
  ],
  [/\/include\/$/, 1],
  // One directory that a `-I` leads to, as pkg-config's Cflags do.
  [/^\/usr\/(?:local\/)?include\/[^/]+\/$/, 2],
];

const libraries: readonly [RegExp, Distance][] = [
  [new RegExp(`^/${lib}/(?:${triplet}/)?$`), 0],
  [new RegExp(`^/(?:usr/${triplet}/lib\\w*|${lib}/(?:[^/]+/){1,4})$`), 1],
];

const pkgConfigs: readonly [RegExp, Distance][] = [
  [new RegExp(`^/(?:${lib}|usr/(?:local/)?share)/(?:${triplet}/)?pkgconfig/$`), 0],
  [/\/pkgconfig\/$/, 1],
];

const python: readonly [RegExp, Distance][] = [
  [/^\/usr\/(?:local\/)?lib\w*\/(?:python|pypy)[\d.]*\/(?:site|dist)-packages\/$/, 0],
  [/^\/usr\/lib\w*\/(?:python|pypy)[\d.]+\/(?:lib-dynload\/)?$/, 0],
];

/** Directories of the interpreter's own; what others bundle for themselves is nothing that anybody imports. */
const sitePackages = /^\/usr\/(?:local\/)?lib\w*\/(?:python|pypy)[\d.]*\/(?:site|dist)-packages\/$/;
const distributionInfo =
  /^\/usr\/(?:local\/)?lib\w*\/(?:python|pypy)[\d.]*\/(?:site|dist)-packages\/[^/]+\.(?:dist|egg)-info\/$/;

const perl: readonly [RegExp, Distance][] = [
  [
    /^\/(?:etc|usr\/(?:local\/)?(?:lib|share)\w*)(?:\/[\w-]+)?\/perl[^/]*\/(?:(?:vendor|site|core)_perl\/)?(?:v?\d[\d.]*\/)?(?:[a-z0-9_]+-linux[\w-]*\/)?$/,
    0,
  ],
];

const ruby: readonly [RegExp, Distance][] = [
  [/\/ruby\/(?:(?:vendor|site)_ruby\/)?(?:\d[\d.]*\/)?(?:[a-z0-9_]+-linux[\w-]*\/)?$/, 0],
  [/\/gems\/[^/]+\/lib\/$/, 0],
];

const aclocal: readonly [RegExp, Distance][] = [
  [/\/aclocal[^/]*\/$/, 0],
  [/\/autoconf[^/]*\/(?:[^/]+\/)?$/, 1],
];

/** Ends of paths in each of the directories. */
function places(tails: readonly string[], directories: readonly (readonly [RegExp, Distance])[]): Place[] {
  return directories.flatMap(([directory, distance]) => tails.map((tail) => ({ tail, directory, distance })));
}

/** Ends of paths below a directory of that name. */
function below(directory: string, ...tails: string[]): Place[] {
  const end = new RegExp(`/${escape(directory)}/$`);
  return tails.map((tail) => ({ tail, directory: end, distance: 0 }));
}

/** Ends of paths anywhere below a directory that matches. */
function anywhere(directory: RegExp, ...tails: string[]): Place[] {
  return tails.map((tail) => ({ tail, directory, distance: 0 }));
}

/** The files that would be a thing of a kind, by its name; none for what only texts tell (see {@link textOf}). */
const placesOfKind: Readonly<Record<NamedKind, (name: string) => readonly Place[]>> = {
  executable: (name) => places([name], programs),
  path: (name) => [{ tail: name.slice(1), directory: /^\/$/, distance: 0, orDirectory: true }],
  header: (name) => [
    ...places([name], headers),
    { tail: name, directory: /^\/usr\/(?:local\/)?include\/.+\/$/, distance: 1, ifSearched: true },
  ],
  library: (name) => places([`lib${name}.so`, `lib${name}.a`], libraries),
  'library file': (name) => places([name], libraries),
  'pkg-config': (name) => places([`${name}.pc`], pkgConfigs),
  cmake: (name) => [
    ...anywhere(/^/, `${name}Config.cmake`, `${name.toLowerCase()}-config.cmake`),
    ...anywhere(/\/cmake/i, `Find${name}.cmake`),
  ],
  'cmake module': (name) => anywhere(/\/cmake/i, `${name.replace(/\.cmake$/, '')}.cmake`),
  python: (name) => {
    const module = name.replaceAll('.', '/');
    return [
      ...places([`${module}.py`, `${module}/__init__.py`, `${module}.abi3.so`, `${module}.so`], python),
      ...places([`${module}.cpython-*.so`, `${module}.pypy*.so`], python),
      // A namespace (PEP 420) is a directory without a file of its own.
      { tail: module, directory: sitePackages, distance: 0, orDirectory: true },
    ];
  },
  distribution: (name) => {
    // The name as PEP 503 compares it; in a directory's name a hyphen of it is an underscore (PEP 427).
    const words = name.split(/[-_.]+/).map(escape);
    const info = String.raw`/${words.join('[-_.]+')}(?:-\d[^/]*)?\.(?:dist|egg)-info`;
    return [
      ...anywhere(distributionInfo, 'METADATA', 'PKG-INFO').map((place) => ({
        ...place,
        path: new RegExp(`${info}/[^/]+$`, 'i'),
      })),
      { tail: '*.egg-info', directory: sitePackages, distance: 0, path: new RegExp(`${info}$`, 'i') },
    ];
  },
  perl: (name) => places([name], perl),
  ruby: (name) => places(/\.(?:rb|so)$/.test(name) ? [name] : [`${name}.rb`, `${name}.so`], ruby),
  gem: (name) => below('specifications', `${name}-*.gemspec`),
  node: (name) => [
    ...below('node_modules', `${name}/package.json`, `${name}.js`),
    ...anywhere(/\/nodejs\/$/, `${name}/package.json`, `${name}.js`),
  ],
  lua: (name) => {
    const module = name.replaceAll('.', '/');
    return anywhere(/\/lua\/[\d.]+\/$/, `${module}.lua`, `${module}/init.lua`, `${module}.so`);
  },
  go: (name) => anywhere(/\/src\/$/, name).map((place) => ({ ...place, orDirectory: true })),
  rust: (name) => [
    ...anywhere(/\/cargo\/registry\/$/, `${name}-*`).map((place) => ({ ...place, orDirectory: true })),
    ...anywhere(/\/rustlib\/[^/]+\/lib\/$/, `lib${name}-*`),
  ],
  'haskell package': (name) => anywhere(/\/package\.conf\.d\/$/, `${name}-*.conf`),
  'haskell module': (name) => anywhere(/\/(?:ghc|haskell)/, `${name.replaceAll('.', '/')}.hi`),
  ocaml: (name) =>
    anywhere(
      /\/ocaml\/(?:site-lib\/)?$/,
      `${name.replaceAll('.', '/')}/META`,
      `${name.split('.')[0] ?? name}/META`,
    ),
  r: (name) => anywhere(/\/R\/(?:[\w-]*library)\/$/, `${name}/DESCRIPTION`),
  tcl: nowhere,
  guile: (name) => anywhere(/\/guile\/(?:site\/)?(?:[\d.]+\/)?$/, `${name}.scm`),
  emacs: (name) =>
    anywhere(/\/(?:site-lisp|elpa|elpa-src|lisp)\//, `${name}.el`, `${name}.elc`, `${name}.el.gz`),
  java: (name) => {
    const [group = '', artifact = ''] = name.includes(':') ? name.split(':') : ['', name];
    return [
      ...anywhere(/\/(?:share|lib\w*|opt)\//, `${artifact}.jar`),
      ...(group === '' ? [] : below('maven-repo', `${group.replaceAll('.', '/')}/${artifact}`)).map(
        (place) => ({
          ...place,
          orDirectory: true,
        }),
      ),
      ...below('share', `${artifact}/package.env`),
    ];
  },
  tex: (name) => anywhere(/\/tex(?:mf|live)[^/]*\//, name),
  gir: (name) => [
    ...anywhere(/\/gir-1\.0\/$/, `${name}.gir`),
    ...anywhere(/\/girepository-1\.0\/$/, `${name}.typelib`),
  ],
  vala: (name) => anywhere(/\/vapi\/$/, `${name}.vapi`),
  qmake: (name) =>
    anywhere(
      /\/mkspecs\/modules\/$/,
      `qt_lib_${name}.pri`,
      `qt_lib_${name.replace('-private', '_private')}.pri`,
    ),
  'time zone': (name) => [...below('zoneinfo', name), ...below('tzdata/zoneinfo', name)],
  locale: (name) => {
    const [, language = name, charset = ''] = /^([^.@]+)(?:\.([^@]+))?/.exec(name) ?? [];
    const directory = `${language}.${charset.toLowerCase().replaceAll('-', '')}`;
    return [
      ...below('locale', `${directory}/LC_CTYPE`, `${directory}/LC_IDENTIFICATION`, `${language}/LC_CTYPE`),
      ...below('i18n/locales', language),
    ];
  },
  interpreter: nowhere,
  'cmake command': nowhere,
  aclocal: nowhere,
  'setup command': nowhere,
  catalog: nowhere,
  gsettings: nowhere,
  its: nowhere,
};

function nowhere(): readonly Place[] {
  return [];
}

/** The files that would be a thing, in no particular order; none for what only texts tell (see {@link textOf}). */
export function placesOf(wanted: Wanted): readonly Place[] {
  if (wanted.kind === 'file') return below(wanted.below, wanted.name);
  if (wanted.kind === 'cmake variable') return [];
  return placesOfKind[wanted.kind](wanted.name);
}

/** What tells by its text whether it is, or has, a thing; undefined for what names tell. */
export function textOf(wanted: Wanted): TextSearch | undefined {
  const { name } = wanted;
  switch (wanted.kind) {
    case 'aclocal': {
      // AC_DEFUN and its kin (autoconf/lib/autoconf/general.m4, autoupdate.m4), whatever ends so, as aclocal has it (automake/bin/aclocal.in,
      // $ac_defun_rx; gettext's iconv.m4), and m4sugar's own.
      const definition = new RegExp(
        `^[^\\n#]*(?<!\\w)(?:\\w*A[CU]_(?:DEFUN(?:_ONCE)?|ALIAS)|m4_(?:re)?define|m4_defun(?:_once|_init)?|define)\\(\\s*\\[?${escape(name)}\\]?\\s*[,)]`,
        'm',
      );
      return { files: places(['*.m4'], aclocal), defines: (text) => Number(definition.test(text)) };
    }
    case 'tcl': {
      // tcl/library/package.tcl, tclPkgUnknown: each pkgIndex.tcl near auto_path is run.
      const definition = new RegExp(`\\bpackage\\s+ifneeded\\s+\\{?${escape(name)}[\\s}]`);
      return {
        files: anywhere(/\/lib\w*\/|\/share\//, 'pkgIndex.tcl'),
        defines: (text) => Number(definition.test(text)),
      };
    }
    case 'cmake command': {
      const definition = new RegExp(`^\\s*(?:function|macro)\\s*\\(\\s*${escape(name)}[\\s)]`, 'im');
      return {
        files: anywhere(/\/cmake/i, '*.cmake'),
        defines: (text) => Number(definition.test(text)),
      };
    }
    case 'setup command': {
      const entry = new RegExp(`^\\s*${escape(name)}\\s*=`, 'm');
      return {
        files: anywhere(distributionInfo, 'entry_points.txt'),
        defines: (text) => Number(entry.test(sectionOf(text, 'distutils.commands'))),
      };
    }
    case 'catalog':
      return {
        files: anywhere(
          /\/(?:xml|sgml)\//,
          'catalog.xml',
          'catalog',
          '*.xml.catalog',
          '*.cat',
          '*.soc',
          'catalog-*',
        ),
        defines: (text) => catalogFit(text, name),
      };
    case 'gsettings': {
      const definition = new RegExp(`<(?:schema|enum|flags)\\s[^>]*?\\bid\\s*=\\s*["']${escape(name)}["']`);
      return {
        files: anywhere(/\/glib-2\.0\/schemas\/$/, '*.xml'),
        defines: (text) => Number(definition.test(text)),
      };
    }
    case 'its':
      return {
        files: anywhere(/\/gettext[^/]*\/its\/$/, '*.loc'),
        defines: (text) => locatingFit(text, name),
      };
    default:
      return undefined;
  }
}

/** A section of a file in the form of configparser. */
function sectionOf(text: string, name: string): string {
  const start = text.indexOf(`[${name}]`);
  if (start < 0) return '';
  const end = text.indexOf('\n[', start);
  return text.slice(start + name.length + 2, end < 0 ? undefined : end);
}

/**
 * How well a catalog answers for an identifier: its length for the identifier itself, else that of the longest beginning
 * that the catalog rewrites or delegates (OASIS XML Catalogs 1.1, and the entries of OASIS TR 9401 that SGML's have).
 */
function catalogFit(text: string, identifier: string): number {
  let best = 0;
  for (const [, type = '', , value = ''] of text.matchAll(
    /\b(publicId|systemId|uri|name|systemIdStartString|uriStartString|publicIdStartString|PUBLIC|SYSTEM|DELEGATE)\s*(=\s*)?["']([^"'\n]{4,500})["']/g,
  )) {
    const fits = /StartString|DELEGATE/.test(type) ? identifier.startsWith(value) : identifier === value;
    if (fits && value.length > best) best = value.length;
  }
  return best;
}

/** Whether gettext's locating rules (ITS, section "Preparing Rules for XML Internationalization") are for a file. */
function locatingFit(text: string, file: string): number {
  const base = file.slice(file.lastIndexOf('/') + 1).replace(/\.in$/, '');
  for (const [, glob = ''] of text.matchAll(/\bpattern\s*=\s*"([^"\n]{1,200})"/g)) {
    const pattern = glob.split('*').map(escape).join('.*');
    if (new RegExp(`^${pattern}$`).test(base)) return 1;
  }
  return 0;
}

/**
 * The directories that a module of pkg-config adds to a compiler's search path, without a slash at the end (pc(5)).
 * @param text the module's .pc file
 * @param directory where it is
 */
export function searchedBy(text: string, directory: string): Set<string> {
  const variables = new Map([['pcfiledir', directory]]);
  const expand = (value: string) =>
    value.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => variables.get(name) ?? '');
  const directories = new Set<string>();
  for (const line of text.split('\n')) {
    const [, name = '', value = ''] = /^\s*(\w+)\s*=\s*(.*)$/.exec(line) ?? [];
    if (name !== '') variables.set(name, expand(value.trim()));
    const flags = /^\s*C[Ff]lags(?:\.private)?\s*:(.*)$/.exec(line)?.[1] ?? '';
    for (const [, include = ''] of expand(flags).matchAll(/(?:^|\s)-(?:I|isystem)\s*["']?([^\s"']+)/g))
      directories.add(include.replace(/\/+$/, ''));
  }
  return directories;
}

function escape(literal: string): string {
  return literal.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&');
}
