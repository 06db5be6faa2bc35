/**
 * The line-based files of profiles and of /etc/portage: lists (`use.mask`, `package.mask`, `packages`) and entries
 * keyed by atoms (`package.use` and its kin), how they are stacked (PMS 5.2, "Profile files"; portage(5)), and
 * which of several entries for one package counts more.
 */
import { type Atom, AtomError, type AtomOptions, parseAtom } from './atom.js';
import { type Candidate, matchesAtom } from './match.js';
import type { RootFiles } from './rootFiles.js';
import { whiteSpace } from './text.js';
import type { DataWarning } from './types.js';
import { compareVersions, findVersion } from './version.js';

/** Called for everything that Portage complains about and then goes on. */
export type Warn = (warning: DataWarning) => void;

/** A line without its comment, its words separated by single spaces. */
export interface Line {
  readonly text: string;
  readonly file: string;
  /** 1-based. */
  readonly line: number;
}

/** The words of a text; none of an unset variable. */
export function words(text: string | undefined): string[] {
  if (text === undefined || text === '') return [];
  const parts = text.split(whiteSpace);
  if (parts[0] === '') parts.shift();
  if (parts.at(-1) === '') parts.pop();
  return parts;
}

function forEachLine(
  files: RootFiles,
  path: string,
  recursive: boolean,
  take: (words: string[], file: string, line: number) => void,
): void {
  for (const file of recursive ? files.expand(path) : [path]) {
    const text = files.readText(file);
    if (text === undefined || text === '') continue;
    let number = 0;
    for (const line of text.split('\n')) {
      number++;
      if (line === '' || line.startsWith('#')) continue;
      const found = words(line);
      const comment = found.findIndex((word) => word.startsWith('#'));
      if (comment >= 0) found.length = comment;
      if (found.length > 0) take(found, file, number);
    }
  }
}

/**
 * The lines of a list, in order; none when there is no such file.
 * @param recursive whether a directory stands for the files in it.
 * @throws LvfsError `UNREADABLE`, also for a directory where none is allowed.
 */
export function readLines(files: RootFiles, path: string, recursive: boolean): Line[] {
  const lines: Line[] = [];
  forEachLine(files, path, recursive, (found, file, line) => {
    lines.push({ text: found.join(' '), file, line });
  });
  return lines;
}

/** A line of the form `key value…`. */
export interface Entry {
  readonly key: string;
  readonly values: readonly string[];
  readonly file: string;
  readonly line: number;
}

/** The lines of a file whose first word is a key. Otherwise as {@link readLines}. */
export function readEntries(files: RootFiles, path: string, recursive: boolean): Entry[] {
  const entries: Entry[] = [];
  forEachLine(files, path, recursive, ([key, ...values], file, line) => {
    entries.push({ key: key!, values, file, line });
  });
  return entries;
}

/**
 * Stacks incremental lists: `-x` removes an earlier `x`, `-*` everything before it (`portage.util.stack_lists`).
 * What is added again keeps its place.
 */
export function stack(lists: Iterable<readonly string[]>): string[] {
  const result = new Set<string>();
  for (const list of lists) {
    for (const token of list) {
      if (!token.startsWith('-')) result.add(token);
      else if (token === '-*') result.clear();
      else result.delete(token.slice(1));
    }
  }
  return [...result];
}

/**
 * The `category/name` that an atom speaks of, without reading it as a whole: most atoms of a profile are about
 * packages that nobody asks for. Undefined when the text is no atom; a text with an answer may still be none.
 */
export function nameOfAtom(text: string): string | undefined {
  let at = 0;
  while (text[at] === '!') at++;
  const plain = at;
  while ('<>=~'.includes(text[at] ?? ' ')) at++;
  const slash = text.indexOf('/', at);
  if (slash < 0) return undefined;
  let end = slash;
  while (end < text.length && text[end] !== ':' && text[end] !== '[') end++;
  if (at === plain) return text.slice(at, end);
  const to = text[end - 1] === '*' ? end - 1 : end;
  const found = findVersion(text, slash + 1, to);
  if (found === undefined) {
    // =cat/name-*9*
    const dash = text.lastIndexOf('-', end - 1);
    return to < end && dash > slash ? text.slice(at, dash) : undefined;
  }
  const inner = findVersion(text, slash + 1, found.at - 1);
  return text.slice(at, (inner ?? found).at - 1);
}

/** An atom of a configuration file with what stands behind it. */
interface Keyed<V> {
  readonly text: string;
  readonly values: V[];
  readonly file: string;
  readonly line: number;
  /** What is checked, when it is not {@link text}: `::repo` may have been added to what the file says. */
  readonly written: string;
  /** Null when it is no valid atom. */
  atom?: Atom | null;
}

/** How an {@link AtomTable} reads its keys. */
export interface AtomTableOptions extends AtomOptions {
  /** Read all atoms at once, to report the bad ones at the start; otherwise when a package of that name is asked for. */
  readonly eager?: boolean;
  /** Whether `[flag]` is allowed (it never plays a part in the match); default false. */
  readonly allowUse?: boolean;
  /** What the atoms of a file may have, where one table has lines of several files; default: what these options say. */
  readonly optionsFor?: (file: string) => AtomOptions;
  readonly warn: Warn;
}

/**
 * Values by atom, found again by package. Equal atoms add up. Wildcards take part where they are allowed
 * (`portage.dep.ExtendedAtomDict`).
 */
export class AtomTable<V> {
  readonly #byName = new Map<string, Keyed<V>[]>();
  /** Wildcard names in the order in which they first occur. */
  readonly #wild = new Map<string, Keyed<V>[]>();
  readonly #byText = new Map<string, Keyed<V>>();
  readonly #found = new Map<string, readonly Keyed<V>[]>();
  readonly #options: AtomTableOptions;

  constructor(options: AtomTableOptions) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#byText.size === 0;
  }

  /**
   * Adds values to those that the atom already has.
   * @param written what the file has, where `text` is more than that: it is checked by the rules of the file.
   */
  add(text: string, values: readonly V[], file: string, line: number, written = text): void {
    const known = this.#byText.get(text);
    if (known !== undefined) {
      known.values.push(...values);
      return;
    }
    const keyed: Keyed<V> = { text, values: [...values], file, line, written };
    const name = nameOfAtom(text);
    if (name === undefined || this.#options.eager === true) {
      if (this.#read(keyed) === null) {
        // Remembered without a name, so that a second line with it is not reported again.
        this.#byText.set(text, keyed);
        return;
      }
    }
    this.#byText.set(text, keyed);
    const cp = name ?? keyed.atom!.cp;
    const table = cp.includes('*') ? this.#wild : this.#byName;
    const list = table.get(cp);
    if (list === undefined) table.set(cp, [keyed]);
    else list.push(keyed);
    this.#found.clear();
  }

  /** Takes the values of an atom out of the table; undefined when it has none. */
  take(text: string): V[] | undefined {
    const keyed = this.#byText.get(text);
    if (keyed === undefined || keyed.atom === null) return undefined;
    this.#byText.delete(text);
    const name = nameOfAtom(text)!;
    const table = name.includes('*') ? this.#wild : this.#byName;
    const rest = (table.get(name) ?? []).filter((other) => other !== keyed);
    if (rest.length === 0) table.delete(name);
    else table.set(name, rest);
    this.#found.clear();
    return keyed.values;
  }

  /** The values of the atoms that match, in the order of the table. */
  matches(candidate: Candidate): { atom: Atom; values: readonly V[]; file: string; line: number }[] {
    const result = [];
    for (const { atom, values, file, line } of this.#for(candidate.package.cp)) {
      if (matchesAtom(atom!, candidate)) result.push({ atom: atom!, values, file, line });
    }
    return result;
  }

  /**
   * The values of the atoms that match, the least specific first
   * (`ordered_by_atom_specificity` in `portage.package.ebuild._config.helper`).
   */
  bySpecificity(candidate: Candidate): (readonly V[])[] {
    const rest = this.matches(candidate);
    const result: (readonly V[])[] = [];
    while (rest.length > 0) {
      const best = mostSpecific(
        candidate,
        rest.map((entry) => entry.atom),
      );
      result.push(...rest.splice(best, 1).map((entry) => entry.values));
    }
    return result.reverse();
  }

  #for(cp: string): readonly Keyed<V>[] {
    const known = this.#found.get(cp);
    if (known !== undefined) return known;
    const normal = this.#byName.get(cp);
    let result: readonly Keyed<V>[] = normal === undefined ? [] : normal.filter((keyed) => this.#read(keyed));
    for (const [pattern, list] of this.#wild) {
      if (matchesPattern(pattern, cp)) result = [...result, ...list.filter((keyed) => this.#read(keyed))];
    }
    this.#found.set(cp, result);
    return result;
  }

  #read(keyed: Keyed<V>): Atom | null {
    if (keyed.atom !== undefined) return keyed.atom;
    const { warn, allowUse, optionsFor } = this.#options;
    const { file, line, text, written } = keyed;
    keyed.atom = null;
    try {
      const options = optionsFor?.(file) ?? this.#options;
      let atom = parseAtom(written, options);
      if (written !== text) atom = parseAtom(text, { ...options, allowRepo: true });
      if (atom.use.length > 0 && allowUse !== true) {
        warn({ file, line, message: `found '${text}', expected an atom without USE flags` });
      } else keyed.atom = withoutUse(atom);
    } catch (error) {
      if (!(error instanceof AtomError)) throw error;
      warn({ file, line, message: `${error.message}; the line is ignored` });
    }
    return keyed.atom;
  }
}

/** USE dependencies play no part where configuration is matched: the package has no USE yet. */
export function withoutUse(atom: Atom): Atom {
  return atom.use.length === 0 && atom.requiredFlags.length === 0
    ? atom
    : { ...atom, use: [], requiredFlags: [] };
}

/** Whether `cp` has the form of a wildcard name; `*` stands for any characters but `/`. */
function matchesPattern(pattern: string, cp: string): boolean {
  const [category = '', name = ''] = pattern.split('/');
  const slash = cp.indexOf('/');
  return matchesGlob(category, cp.slice(0, slash)) && matchesGlob(name, cp.slice(slash + 1));
}

function matchesGlob(glob: string, text: string): boolean {
  const parts = glob.split('*');
  const first = parts[0]!;
  if (parts.length === 1) return text === first;
  const last = parts.at(-1)!;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last))
    return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= text.length - last.length;
}

const SPECIFICITY = { '=': 6, '~': 5, '=*': 4, '>': 2, '<': 2, '>=': 2, '<=': 2 } as const;

/** The index of the atom that says most about a package (`portage.dep.best_match_to_list`); all of them match it. */
function mostSpecific(candidate: Candidate, atoms: readonly Atom[]): number {
  let value = -99;
  let best = 0;
  for (const [index, atom] of atoms.entries()) {
    if (atom.extended) {
      const wild = atom.op === '=*' ? 0 : atom.slot !== undefined ? -1 : -2;
      if (value < wild) {
        value = wild;
        best = index;
      }
      continue;
    }
    if (atom.slot !== undefined && value < 3) {
      value = 3;
      best = index;
    }
    const own = atom.op === undefined ? 1 : SPECIFICITY[atom.op];
    if (own > value) {
      value = own;
      best = index;
    } else if (own === value && own === 2 && isCloser(candidate, atoms[best]!, atom)) best = index;
  }
  return best;
}

/** Of two version ranges the one counts more whose bound is nearer to the package. */
function isCloser(candidate: Candidate, best: Atom, other: Atom): boolean {
  const own = candidate.package.version;
  const bestVersion = best.version!;
  const otherVersion = other.version!;
  if (bestVersion === own || bestVersion === otherVersion) return false;
  if (otherVersion === own) return true;
  // A stable sort of [best, own, other]: the package must be at an end and the other bound in the middle.
  const sorted = [
    { which: 'best', version: bestVersion },
    { which: 'own', version: own },
    { which: 'other', version: otherVersion },
  ].sort((a, b) => compareVersions(a.version, b.version) ?? 0);
  return sorted[1]?.which === 'other';
}
