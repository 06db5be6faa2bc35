/**
 * Which files lead to which: a header that another one includes, a module that another `.pc` file requires. What the file of one
 * package names of another is that package's business, and whoever uses the first need not know of the second.
 */
import type { PackageId } from '../base/index.js';
import type { PathKind } from './pathKinds.js';

/** A file that was used, with what it is for. */
export interface UsedFile {
  readonly path: string;
  readonly owners: readonly PackageId[];
  readonly kind: PathKind;
}

interface Naming {
  /** As written: a tail of the path of a header, the name of a module. */
  readonly name: string;
  /** The file in which it stands. */
  readonly file: UsedFile;
}

/** What files of a kind name, as [kind of what is named, name]. */
type Reader = (text: string) => Iterable<readonly [PathKind, string]>;

const includes = /^\s*#\s*(?:include|include_next|import)\s*[<"]([^>"\n]+)[>"]/gm;
const requires = /^Requires(?:\.private)?\s*:(.*)$/gm;
const libraries = /(?:^|[\s'"=])-l([\w+.-]+)/gm;
const findPackage = /\bfind_(?:package|dependency)\s*\(\s*"?([\w.+-]+)/gi;
const imports = /^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import|import[ \t]+([\w., \t]+))/gm;
const perlModules = /^\s*(?:use|require|no)\s+([A-Za-z]\w*(?:::\w+)*)/gm;
/** Also the base classes of `use parent`, and the modules that are required in an expression. */
const perlNames = /\b([A-Z]\w*(?:::\w+)+)\b/g;
const rubyFiles = /\b(?:require|require_relative|load|gem)[\s(]+["']([\w/.-]+)["']/g;
const rubyAutoloads = /\bautoload[\s(]+:\w+,\s*["']([\w/.-]+)["']/g;
const macros = /\b(?:A[CXMS]|LT|PKG|IT|GTK|GNOME|m4)_\w+/g;

function* matches(text: string, pattern: RegExp, kind: PathKind): Generator<readonly [PathKind, string]> {
  for (const [, name = ''] of text.matchAll(pattern)) yield [kind, name];
}

const readers: Partial<Record<PathKind, Reader>> = {
  header: (text) => matches(text, includes, 'header'),
  *'pkg-config'(text) {
    for (const [, list = ''] of text.matchAll(requires)) {
      for (const name of list.split(/[\s,]+/)) if (/^[A-Za-z]/.test(name)) yield ['pkg-config', name];
    }
    yield* matches(text, libraries, 'library');
  },
  *cmake(text) {
    yield* matches(text, findPackage, 'cmake');
    yield* matches(text, libraries, 'library');
    for (const [, name = ''] of text.matchAll(/\blib([\w+-]+)\.(?:so|a)\b/g)) yield ['library', name];
  },
  library(text) {
    // A linker script, or libtool's .la file.
    return text.startsWith('\x7fELF') || text.startsWith('!<arch>')
      ? []
      : matches(text, libraries, 'library');
  },
  // foo-config
  *executable(text) {
    if (!text.startsWith('#!')) return;
    yield* matches(text, libraries, 'library');
    for (const [, name = ''] of text.matchAll(/\b(?:pkg-config|PKG_CONFIG\}?)\s+(?:--?\S+\s+)*([\w.+-]+)/g))
      yield ['pkg-config', name];
  },
  *python(text) {
    for (const [, from, list] of text.matchAll(imports)) {
      for (const name of (from ?? list ?? '').split(',')) {
        const module = name.trim().split(/[\s.]/)[0] ?? '';
        if (module !== '') yield ['python', module];
      }
    }
  },
  *perl(text) {
    for (const pattern of [perlModules, perlNames])
      for (const [, name = ''] of text.matchAll(pattern)) yield ['perl', `${name.replaceAll('::', '/')}.pm`];
  },
  *ruby(text) {
    for (const pattern of [rubyFiles, rubyAutoloads])
      for (const [, name = ''] of text.matchAll(pattern)) yield ['ruby', `${name.replace(/\.rb$/, '')}.rb`];
  },
  *aclocal(text) {
    for (const [name] of text.matchAll(macros)) yield ['aclocal', name];
  },
};

/** By which names a file may be named in another one. */
function namesOf({ path, kind }: UsedFile): readonly string[] {
  const name = path.slice(path.lastIndexOf('/') + 1);
  switch (kind) {
    case 'header':
    case 'perl':
    case 'ruby':
      return [name];
    case 'pkg-config':
      return [name.replace(/\.pc$/, '')];
    case 'library':
      return [name.replace(/^lib/, '').replace(/\.(?:so|a|la).*$/, '')];
    case 'cmake':
      return [
        name
          .replace(/^Find|(?:Config|-config)?(?:Version|-version|Targets.*|-targets.*)?\.cmake$/g, '')
          .toLowerCase(),
      ];
    case 'python': {
      const below = /\/(?:site|dist)-packages\/([^/]+)/.exec(path)?.[1] ?? name;
      return [below.replace(/\..*$/, '')];
    }
    default:
      return [];
  }
}

/** What the used files of a build say of each other. */
export class Mentions {
  /** By kind and last component of the name. */
  readonly #by = new Map<string, Naming[]>();

  /** @param readText the text of a visible file, or undefined when it cannot be had */
  constructor(files: Iterable<UsedFile>, readText: (path: string) => string | undefined) {
    const read = new Set<string>();
    for (const file of files) {
      const reader = readers[file.kind];
      if (reader === undefined || read.has(file.path)) continue;
      read.add(file.path);
      const text = readText(file.path);
      if (text === undefined) continue;
      for (const [what, name] of reader(text)) this.#note(what, name, file);
    }
  }

  #note(kind: PathKind, name: string, file: UsedFile): void {
    const key = keyOf(kind, name);
    const known = this.#by.get(key);
    if (known === undefined) this.#by.set(key, [{ name, file }]);
    else if (known.at(-1)?.file !== file || known.at(-1)?.name !== name) known.push({ name, file });
  }

  /** Used files that name this one. */
  by(file: UsedFile): UsedFile[] {
    return namesOf(file).flatMap((own) =>
      (this.#by.get(keyOf(file.kind, own)) ?? [])
        .filter(
          ({ name }) => !isTail(file.kind) || file.path.endsWith(`/${name.replace(/^(?:\.\.?\/)+/, '')}`),
        )
        .map((naming) => naming.file)
        .filter(({ path }) => path !== file.path),
    );
  }
}

/** Whether files of a kind are named by the tail of their path. */
function isTail(kind: PathKind): boolean {
  return kind === 'header' || kind === 'perl' || kind === 'ruby';
}

function keyOf(kind: PathKind, name: string): string {
  const last = isTail(kind) ? name.slice(name.lastIndexOf('/') + 1) : name;
  return `${kind} ${kind === 'cmake' ? last.toLowerCase() : last}`;
}
