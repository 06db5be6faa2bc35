/**
 * Which headers the sources include themselves. The kernel asks for a header once in a build, and a file of another package may have led to it
 * first: only the sources tell that they want it as well.
 */
import { baseName } from '../../base/index.js';
import type { ProcessRecord } from '../events.js';

/** What a source file or header of C, C++ or Objective-C includes. */
export interface Includes {
  /** Base name of the file. */
  readonly file: string;
  /** As they are written, without brackets and quotes; each once. */
  readonly names: readonly string[];
}

const languages = /\.(?:c|cc|cp|cpp|cxx|c\+\+|m|mm|h|hh|hpp|hxx|inc)$/i;

/** With the machine that they compile for, and their version. */
const compilers =
  /(?:^|[/-])(?:cc1(?:plus|obj(?:plus)?)?|gcc|g\+\+|cc|c\+\+|cpp|clang(?:\+\+)?|tcc|icc|icpc)(?:-[\d.]+)?$/;

/**
 * What a file includes whatever was configured: not what stands between `#if` and `#endif`, but for the guard that a header has around it.
 * Undefined for a file in another language.
 */
export function includesIn(file: string, text: string): Includes | undefined {
  if (!languages.test(file)) return undefined;
  const names = new Set<string>();
  const directives = /^[ \t]*#[ \t]*(?<word>if(?:n?def)?|endif|include|define)\b[ \t]*(?<rest>[^\n]*)/gm;
  const conditions = new Conditions();
  for (const { groups } of withoutComments(text).matchAll(directives)) {
    const { word = '', rest = '' } = groups ?? {};
    conditions.take(word, rest);
    if (word !== 'include' || conditions.isWithin) continue;
    const [, angled, quoted] = /^(?:<([^>]+)>|"([^"]+)")/.exec(rest) ?? [];
    const name = angled ?? quoted;
    if (name !== undefined) names.add(name);
  }
  return { file, names: [...names] };
}

/** The conditions within which a directive stands. */
class Conditions {
  #depth = 0;
  /** The name that the directive before asked for, if that was the first of a file. */
  #guard: string | undefined;
  #isFirst = true;

  /** Whether a directive here counts only sometimes. */
  get isWithin(): boolean {
    return this.#depth > 0;
  }

  take(word: string, rest: string): void {
    // `#ifndef U_H`, `#define U_H` at the beginning: the whole header is within.
    const isGuarded = word === 'define' && this.#guard === rest.split(/\s/)[0];
    if (word === 'endif' || isGuarded) this.#depth -= 1;
    else if (word.startsWith('if')) this.#depth += 1;
    this.#guard = this.#isFirst && word === 'ifndef' ? rest.trim() : undefined;
    this.#isFirst = false;
  }
}

/** Without what stands between the marks of C's comments; one that does not end goes to the end. */
function withoutComments(text: string): string {
  const parts: string[] = [];
  let at = 0;
  for (let start = text.indexOf('/*'); start >= 0; start = text.indexOf('/*', at)) {
    parts.push(text.slice(at, start));
    const end = text.indexOf('*/', start + 2);
    at = end < 0 ? text.length : end + 2;
  }
  return parts.join(' ') + text.slice(at);
}

/** What the sources that were compiled include of others: those that a compiler was given, and what these include of the sources. */
export function includedByTarget(
  includes: readonly Includes[],
  processes: Iterable<ProcessRecord>,
): ReadonlySet<string> {
  const own = new Set(includes.map(({ file }) => file));
  const compiled = new Set<string>();
  for (const { arguments: words } of processes) {
    // What is only installed is given to other programs.
    const at = words.findIndex((word) => compilers.test(word));
    if (at >= 0) for (const word of words.slice(at + 1)) compiled.add(baseName(word));
  }
  const found = new Set<string>();
  for (let before = -1; before < compiled.size;) {
    before = compiled.size;
    for (const name of includes.flatMap(({ file, names }) => (compiled.has(file) ? names : []))) {
      if (own.has(baseName(name))) compiled.add(baseName(name));
      else found.add(name);
    }
  }
  return found;
}
