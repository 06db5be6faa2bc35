/**
 * What the sources of a build say that they want: the second sign that makes of a name that was left out of a listing a
 * finding. Tools that list a directory never ask for what is not in it; what is asked for by name was refused, and needs no other sign.
 */
import { keyOf, wantedFor, type NamedKind, type Wanted } from '../words/index.js';

/** Something that a source file asks for. */
export interface Need {
  readonly kind: NamedKind;
  /** As it is written. */
  readonly name: string;
  /** Base name of the file that asks. */
  readonly file: string;
  /** The variable of CMake that holds what was found. */
  readonly variable?: string;
  /** What would satisfy it, the likeliest first. */
  readonly wanted: readonly Wanted[];
  /** The sources bring it along: it leads to more of them, and to nothing else. */
  readonly answered?: boolean;
}

/** A form in which files of a language ask for something. */
interface Form {
  readonly kind: NamedKind;
  /** The group `name`: the name, or a list of names; `variable`: see {@link Need.variable}. */
  readonly pattern: RegExp;
  /** The names in the group; by default it is one. */
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

const languages: readonly Language[] = [
  {
    // Which packages CMake has looked for, and where none was, stands in its cache; in the sources, also those that it has not.
    files: /^CMakeCache\.txt$/,
    forms: [{ kind: 'cmake', pattern: /^(?<name>[\w.+-]+)_DIR:PATH=\k<name>_DIR-NOTFOUND$/gm }],
  },
  {
    files: /^CMakeLists\.txt$|\.cmake$/,
    forms: [
      {
        kind: 'library',
        pattern: /\bfind_library\s*\(\s*(?<variable>\w+)\s+(?<name>[^)]*)\)/gi,
        names: untilKeyword,
      },
    ],
  },
  {
    // What aclocal and autoconf make of them names whatever the macros of others look for. Those of autoconf itself (AC_, AS_)
    // are there with it, and without one of them it ends.
    files: /^configure\.(?:ac|in)$|^acinclude\.m4$/,
    forms: [
      {
        kind: 'aclocal',
        pattern: /\b(?<name>(?:A[MX]|LT|PKG|IT|GTK|GNOME|GOBJECT|XORG|XFCE|GLIB|YELP)_[A-Z0-9_]+)\b/g,
      },
    ],
  },
  {
    files: /^meson\.build$/,
    forms: [{ kind: 'python', pattern: /\bmodules\s*:\s*\[(?<name>[^\]]*)\]/g, names: words }],
  },
  {
    files: /\.py$|^(?:wscript|SConstruct|SConscript)$/,
    forms: [
      { kind: 'python', pattern: /(?:^|;)[ \t]*from[ \t]+(?<name>[A-Za-z_][\w.]*)[ \t]+import\b/gm },
      {
        kind: 'python',
        pattern: /(?:^|;)[ \t]*import[ \t]+(?<name>[A-Za-z_][\w., \t]*)/gm,
        names: (text) => text.split(',').map((one) => one.trim().split(/\s/)[0] ?? ''),
      },
      {
        kind: 'python',
        pattern: /\b(?:import_module|find_spec|__import__)\s*\(\s*["'](?<name>[\w.]+)["']/g,
      },
      {
        kind: 'distribution',
        pattern:
          /\b(?:metadata\.)?(?:version|distribution|get_distribution|require)\s*\(\s*["'](?<name>[\w.-]+)["']/g,
      },
    ],
  },
  {
    files: /\.rb$|^Rakefile$|\.gemspec$/,
    forms: [{ kind: 'ruby', pattern: /^[ \t]*require[ \t(]+["'](?<name>[\w/.-]+)["']/gm }],
  },
  {
    files: /\.pr[oi]$|\.prf$/,
    forms: [{ kind: 'qmake', pattern: /\bQT\s*[+*]?=\s*(?<name>[\w \t-]+)/g, names: words }],
  },
];

/** Needs of one file at most. */
const maxNeeds = 500;

/** Endings of scripts that are called by another name, by what their `#!` line ends with. */
const scriptEndings: readonly [RegExp, string][] = [
  [/python[\d.]*$/, '.py'],
  [/ruby[\d.]*$/, '.rb'],
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
      for (const { groups } of text.matchAll(pattern)) {
        const { name: list = '', variable } = groups ?? {};
        for (const one of names === undefined ? [list] : names(list)) {
          if (one === '' || found.size >= maxNeeds) continue;
          const wanted = wantedFor(kind, one);
          found.set(wanted.map(keyOf).join(' '), {
            kind,
            name: one,
            file,
            ...(variable === undefined ? {} : { variable }),
            wanted,
          });
        }
      }
    }
  }
  return [...found.values()];
}

/** What stands for a file where Python is told on its command line what to do. */
const commandLine = '-c.py';

/** What the words ask for that Python was given to run (`python3 -c 'import foo'`). */
export function needsInWords([program = '', ...words]: readonly string[]): Need[] {
  if (!/(?:^|\/)(?:python|pypy)[\d.]*$/.test(program)) return [];
  const at = words.findIndex((word) => /^-[a-zA-Z]*c$/.test(word));
  return at < 0 ? [] : needsIn(commandLine, words[at + 1] ?? '');
}

/**
 * What a source file says of what the sources need not have from elsewhere.
 *
 * @param path with its directory at least
 */
export function answersIn(path: string, text: string): string[] {
  const [directory = '', file = ''] = path.split('/').slice(-2);
  if (file.endsWith('.py')) return [`python ${file === '__init__.py' ? directory : file.slice(0, -3)}`];
  if (file === 'CMakeCache.txt') return namesBy(/^(?<name>[\w.+-]+):\w+=\k<name>-NOTFOUND$/gm, text, 'unset');
  if (!/\.m4$|^configure\.(?:ac|in)$/.test(file)) return [];
  // AC_DEFUN and its kin (autoconf/lib/autoconf/general.m4), and what is called like them; automake writes those of others into aclocal.m4 as well.
  const definition = /^[^\n#]*\b(?:\w*A[CU]_(?:DEFUN(?:_ONCE)?|ALIAS)|m4_define)\(\s*\[?(?<name>\w+)/gm;
  return namesBy(definition, text, 'aclocal');
}

function namesBy(pattern: RegExp, text: string, kind: string): string[] {
  return [...text.matchAll(pattern)].map(({ groups }) => `${kind} ${groups?.['name'] ?? ''}`);
}

/** Whether a need is answered by the sources: they bring along the macro or the module, or CMake has found something or never looked. */
export function isAnswered({ kind, name, variable }: Need, answers: ReadonlySet<string>): boolean {
  if (variable !== undefined) return !answers.has(`unset ${variable}`);
  return answers.has(`${kind} ${kind === 'python' ? (name.split('.')[0] ?? name) : name}`);
}

/** Whether one of the needs is for a thing of this name, or for a part of it. */
export function isNeeded(needs: readonly Need[], kind: string, name: string): boolean {
  const whole = (text: string) =>
    kind === 'python' ? (text.split('.')[0] ?? '') : text.toLowerCase().replaceAll(/[-_.]+/g, '-');
  return needs.some((need) => need.kind === kind && whole(need.name) === whole(name));
}

/** What programs ask for while they run, rather than build systems while they read. */
const askedByRunning: ReadonlySet<NamedKind> = new Set(['python', 'distribution', 'ruby']);
/** Scripts that a build runs under whatever name of a process. */
const buildScripts = /^(?:setup\.py|wscript|SConstruct|SConscript|Rakefile|meson\.build|-c\.py)$/;

/**
 * The needs that have a say in a build: what a module asks for that is only installed, or a test that is not run, has none.
 *
 * @param run base names of what was run; what that imports of the sources is run as well
 */
export function withSay(needs: readonly Need[], run: ReadonlySet<string>): Need[] {
  const all = new Set(run);
  const isRun = (file: string) => buildScripts.test(file) || all.has(file);
  for (let before = -1; before < all.size;) {
    before = all.size;
    for (const { kind, name, file } of needs)
      if (kind === 'python' && isRun(file)) for (const part of name.split('.')) all.add(`${part}.py`);
  }
  return needs.filter(
    ({ kind, file, answered }) => answered !== true && (!askedByRunning.has(kind) || isRun(file)),
  );
}
