/**
 * What the sources of a build say that they want: the second sign that makes of a name that was left out of a listing a
 * finding. Tools that list a directory never ask for what is not in it.
 */
import { keyOf, wantedFor, type NamedKind, type Wanted } from '../words/index.js';

/** Something that a source file asks for. */
export interface Need {
  readonly kind: NamedKind;
  /** As it is written. */
  readonly name: string;
  /** Base name of the file that asks. */
  readonly file: string;
  /** What would satisfy it, the likeliest first. */
  readonly wanted: readonly Wanted[];
}

/** A form in which files of a language ask for something. */
interface Form {
  readonly kind: NamedKind;
  /** Group 1: the name, or a list of names. */
  readonly pattern: RegExp;
  /** The names in group 1; by default it is one. */
  readonly names?: (text: string) => readonly string[];
}

interface Language {
  /** Base names of its files. */
  readonly files: RegExp;
  readonly forms: readonly Form[];
}

/** Words of a list, quotes and versions taken off. */
function words(text: string): string[] {
  return text
    .split(/[\s,;[\]]+/)
    .map((word) => word.replaceAll(/^["']|[<>=!].*$|["']$/g, ''))
    .filter((word) => /^[\w.+/-]+$/.test(word) && !/^[\d.]+$/.test(word));
}

/** Arguments of a CMake command up to the first keyword. */
function untilKeyword(text: string): string[] {
  const all = words(text);
  const end = all.findIndex((word) =>
    /^(?:PATHS|HINTS|PATH_SUFFIXES|DOC|REQUIRED|ENV|NO_\w+|ONLY_\w+)$/.test(word),
  );
  return all
    .slice(0, end < 0 ? undefined : end)
    .filter((word) => !/^(?:NAMES|QUIET|IMPORTED_TARGET|GLOBAL)$/.test(word));
}

/** Arguments of pkg_check_modules(), its keywords taken out. */
function pkgModules(text: string): string[] {
  return words(text).filter((word) => !/^[A-Z_]+$/.test(word));
}

const languages: readonly Language[] = [
  {
    files: /^CMakeLists\.txt$|\.cmake$/,
    forms: [
      { kind: 'cmake', pattern: /\bfind_package\s*\(\s*([\w.+-]+)/gi },
      {
        kind: 'pkg-config',
        pattern: /\bpkg_(?:check_modules|search_module)\s*\(\s*\w+\s+([^)]*)\)/gi,
        names: pkgModules,
      },
      { kind: 'library', pattern: /\bfind_library\s*\(\s*\w+\s+([^)]*)\)/gi, names: untilKeyword },
      { kind: 'executable', pattern: /\bfind_program\s*\(\s*\w+\s+([^)]*)\)/gi, names: untilKeyword },
      { kind: 'header', pattern: /\bfind_(?:path|file)\s*\(\s*\w+\s+([^)]*)\)/gi, names: untilKeyword },
      { kind: 'cmake module', pattern: /\binclude\s*\(\s*(\w+)[\s)]/gi },
    ],
  },
  {
    // What aclocal and autoconf make of them names whatever the macros of others look for.
    files: /^configure\.(?:ac|in)$|^acinclude\.m4$/,
    forms: [
      {
        kind: 'aclocal',
        pattern: /\b((?:A[CMX]|LT|PKG|IT|GTK|GNOME|GOBJECT|AS|XORG|XFCE|GLIB|YELP|IT)_[A-Z0-9_]+)\b/g,
      },
      {
        kind: 'pkg-config',
        pattern: /\bPKG_(?:CHECK_MODULES|CHECK_EXISTS)\s*\(\s*(?:\[?\w+\]?\s*,)?\s*\[?([^\])]*)/g,
        names: words,
      },
      { kind: 'library', pattern: /\bAC_(?:CHECK|SEARCH)_LIBS?\s*\(\s*\[?([\w.+-]+)/g },
      { kind: 'header', pattern: /\bAC_CHECK_HEADERS?\s*\(\s*\[?([^\]),]*)/g, names: words },
      {
        kind: 'executable',
        pattern: /\bA[CX]_(?:PATH|CHECK)_(?:PROGS?|TOOLS?)\s*\(\s*\[?\w+\]?\s*,\s*\[?([^\]),]*)/g,
        names: words,
      },
    ],
  },
  {
    files: /^meson\.build$/,
    forms: [
      { kind: 'pkg-config', pattern: /\bdependency\s*\(\s*'([^']+)'/g },
      { kind: 'executable', pattern: /\bfind_program\s*\(\s*((?:'[^']+'\s*,?\s*)+)/g, names: words },
      { kind: 'library', pattern: /\bfind_library\s*\(\s*'([^']+)'/g },
      { kind: 'header', pattern: /\bhas_header\s*\(\s*'([^']+)'/g },
      { kind: 'python', pattern: /\bmodules\s*:\s*\[([^\]]*)\]/g, names: words },
    ],
  },
  {
    files: /\.py$|^(?:wscript|SConstruct|SConscript)$/,
    forms: [
      { kind: 'python', pattern: /^[ \t]*from[ \t]+([A-Za-z_][\w.]*)[ \t]+import\b/gm },
      {
        kind: 'python',
        pattern: /^[ \t]*import[ \t]+([A-Za-z_][\w., \t]*)/gm,
        names: (text) => text.split(',').map((one) => one.trim().split(/\s/)[0] ?? ''),
      },
      { kind: 'python', pattern: /\b(?:import_module|find_spec|__import__)\s*\(\s*["']([\w.]+)["']/g },
      {
        kind: 'distribution',
        pattern:
          /\b(?:metadata\.)?(?:version|distribution|get_distribution|require)\s*\(\s*["']([\w.-]+)["']/g,
      },
      { kind: 'distribution', pattern: /\bsetup_requires\s*=\s*\[([^\]]*)\]/g, names: requirements },
    ],
  },
  {
    files: /^pyproject\.toml$/,
    forms: [{ kind: 'distribution', pattern: /^\s*requires\s*=\s*\[([^\]]*)\]/gm, names: requirements }],
  },
  {
    files: /\.p[lm]$|\.PL$|\.t$/,
    forms: [
      { kind: 'perl', pattern: /^[ \t]*(?:use|require)[ \t]+([A-Z]\w*(?:::\w+)*)/gm, names: perlFiles },
      {
        kind: 'perl',
        pattern: /\beval\s*[{"']\s*(?:use|require)[ \t]+([A-Z]\w*(?:::\w+)*)/g,
        names: perlFiles,
      },
    ],
  },
  {
    files: /\.rb$|^Rakefile$|\.gemspec$/,
    forms: [{ kind: 'ruby', pattern: /^[ \t]*require[ \t(]+["']([\w/.-]+)["']/gm }],
  },
  {
    files: /\.pr[oi]$|\.prf$/,
    forms: [{ kind: 'qmake', pattern: /\bQT\s*[+*]?=\s*([\w \t-]+)/g, names: words }],
  },
  {
    files: /\.[cm]?js$/,
    forms: [{ kind: 'node', pattern: /\b(?:require|import)\s*\(\s*["']([@\w][\w/.@-]*)["']/g }],
  },
  {
    files: /\.lua$/,
    forms: [{ kind: 'lua', pattern: /\brequire[\s(]*["']([\w.]+)["']/g }],
  },
  {
    files: /^[Mm]akefile(?:\.in|\.am)?$|^GNUmakefile(?:\.in)?$|\.mk$|\.sh$/,
    forms: [{ kind: 'pkg-config', pattern: /\bpkg-config\s+((?:--?[\w-]+\s+)*[\w.+ -]+)/g, names: modules }],
  },
];

/** Names in a list of requirements (PEP 508), quotes and versions taken off. */
function requirements(text: string): string[] {
  return [...text.matchAll(/["']\s*([A-Za-z0-9][\w.-]*)/g)].map(([, name = '']) => name);
}

function perlFiles(module: string): string[] {
  return [`${module.replaceAll('::', '/')}.pm`];
}

function modules(text: string): string[] {
  return words(text).filter((word) => !word.startsWith('-'));
}

/** Needs of one file at most. */
const maxNeeds = 500;

/** Endings of scripts that are called by another name, by what their `#!` line ends with. */
const scriptEndings: readonly [RegExp, string][] = [
  [/python[\d.]*$/, '.py'],
  [/perl[\d.]*$/, '.pl'],
  [/ruby[\d.]*$/, '.rb'],
  [/node(?:js)?$/, '.js'],
  [/lua(?:jit)?[\d.]*$/, '.lua'],
  [/\b(?:[bd]a)?sh$/, '.sh'],
];

/** The name by which the language of a file is known. */
function languageName(file: string, text: string): string {
  if (!text.startsWith('#!') || file.includes('.')) return file;
  const program = /^#!\s*(?:\S*\/)?([^\s/]+)(?:[ \t]+(?:-S[ \t]+)?([\w.]+))?/.exec(text);
  const [, interpreter = '', argument = ''] = program ?? [];
  const name = interpreter === 'env' ? argument : interpreter;
  return file + (scriptEndings.find(([ending]) => ending.test(name))?.[1] ?? '');
}

/** What a source file asks for, by its base name and text; each once. */
export function needsIn(file: string, text: string): Need[] {
  const found = new Map<string, Need>();
  const name = languageName(file, text);
  for (const { files, forms } of languages) {
    if (!files.test(name)) continue;
    for (const { kind, pattern, names } of forms) {
      for (const [, group = ''] of text.matchAll(pattern)) {
        for (const one of names === undefined ? [group] : names(group)) {
          if (one === '' || found.size >= maxNeeds) continue;
          const wanted = wantedFor(kind, one);
          found.set(wanted.map(keyOf).join(' '), { kind, name: one, file, wanted });
        }
      }
    }
  }
  return [...found.values()];
}

/** What the words ask for that Python was given to run (`python3 -c 'import foo'`). */
export function needsInWords([program = '', ...words]: readonly string[]): Need[] {
  if (!/(?:^|\/)(?:python|pypy)[\d.]*$/.test(program)) return [];
  const at = words.findIndex((word) => /^-[a-zA-Z]*c$/.test(word));
  return at < 0 ? [] : needsIn('words.py', (words[at + 1] ?? '').replaceAll(/;\s*/g, '\n'));
}

/** What programs ask for while they run, rather than build systems while they read. */
const askedByRunning: ReadonlySet<NamedKind> = new Set([
  ...(['python', 'distribution', 'perl', 'ruby', 'node', 'lua'] as const),
]);
/** Scripts that a build runs under whatever name of a process. */
const buildScripts =
  /^(?:setup\.py|pyproject\.toml|wscript|SConstruct|SConscript|Makefile\.PL|Build\.PL|Rakefile|meson\.build)$/;

/**
 * Whether the file that asks for something has a say in a build: a module that is only installed, or a test that is not run, has none.
 *
 * @param run base names of what was run
 */
export function hasSay({ kind, file }: Need, run: ReadonlySet<string>): boolean {
  return !askedByRunning.has(kind) || buildScripts.test(file) || run.has(file);
}
