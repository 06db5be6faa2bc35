/**
 * One glob over paths, matched byte by byte, in time that is bounded by the product of the lengths of pattern and path, whatever the
 * pattern: the threads that serve a view match, and whoever asks for a name chooses what is matched.
 */
import { longestPath, LvfsError } from '../base/index.js';

/** What one byte of a name may be; `star` is any number of any. */
type Token = 'star' | ((byte: string) => boolean);

/** A component: all of it as it is, tokens, or any number of components. */
type Component = string | readonly Token[] | typeof anyNumber;
const anyNumber = Symbol('**');

/** Patterns at most that one with braces may stand for. */
const maxAlternatives = 4096;

/** Whether a text would match anything but itself. */
export function isGlob(text: string): boolean {
  return /[*?[\]{}()!\\]/.test(text);
}

/** The glob that matches a path and nothing else. */
export function literalGlob(path: string): string {
  return path.replace(/[*?[\]{}()!\\]/g, '\\$&');
}

/**
 * What tells whether a path matches a glob without braces: `*` and `?` within a component, `**` as a component for any number of
 * them, `[…]` with ranges, `[!…]` or `[^…]`, and a backslash before what stands for itself.
 */
export function globMatcher(glob: string): (path: string) => boolean {
  if (!isGlob(glob)) return (path) => path === glob;
  const components = splitComponents(glob).map(parseComponent);
  return (path) => matchesComponents(path.split('/'), components);
}

/**
 * The globs that a glob with `{a,b}` stands for; braces may be nested. Braces without a comma stand for themselves, as in a shell.
 *
 * @throws LvfsError GLOB (exit 2) when they are too many, or the glob is longer than a path can be
 */
export function expandBraces(glob: string): string[] {
  if (glob.length > longestPath)
    throw new LvfsError('GLOB', `${glob.slice(0, 80)}…: longer than a path can be`);
  const done: string[] = [];
  const todo = [glob];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const braces = firstBraces(next);
    if (braces === undefined) done.push(next);
    else {
      const { start, end, parts } = braces;
      const [before, behind] = [next.slice(0, start), next.slice(end + 1)];
      for (const part of parts.toReversed()) todo.push(before + part + behind);
    }
    if (done.length + todo.length > maxAlternatives)
      throw new LvfsError('GLOB', `${glob.slice(0, 80)}: stands for more than ${maxAlternatives} patterns`, {
        hint: 'use fewer braces, or *',
      });
  }
  return done;
}

/** The first braces with a comma of their own: where they begin and end, and what is between the commas. */
function firstBraces(glob: string): { start: number; end: number; parts: string[] } | undefined {
  // Of each open brace: where it is, and where commas of its own are.
  const open: { start: number; commas: number[] }[] = [];
  let first: { start: number; end: number; commas: number[] } | undefined;
  for (let i = 0; i < glob.length; i = afterUnit(glob, i)) {
    if (glob[i] === '{') open.push({ start: i, commas: [] });
    else if (glob[i] === ',') open.at(-1)?.commas.push(i);
    else if (glob[i] === '}') {
      const one = open.pop();
      if (one === undefined || one.commas.length === 0) continue;
      if (first === undefined || one.start < first.start) first = { ...one, end: i };
    }
  }
  if (first === undefined) return undefined;
  const { start, end, commas } = first;
  const bounds = [start, ...commas, end];
  return { start, end, parts: commas.concat(end).map((to, i) => glob.slice((bounds[i] ?? 0) + 1, to)) };
}

/** Where what begins at a place ends: a quoted character, a class, or one character. */
function afterUnit(glob: string, at: number): number {
  if (glob[at] === '\\') return Math.min(at + 2, glob.length);
  return glob[at] === '[' ? (classEnd(glob, at) ?? at) + 1 : at + 1;
}

/** Where the class that begins at a place ends; undefined when that is no class, as in a shell: not closed within the component. */
function classEnd(glob: string, at: number): number | undefined {
  let i = at + 1;
  if (glob[i] === '!' || glob[i] === '^') i += 1;
  if (glob[i] === ']') i += 1;
  for (; i < glob.length && glob[i] !== '/'; i += 1) {
    if (glob[i] === ']') return i;
    if (glob[i] === '\\') i += 1;
  }
  return undefined;
}

function splitComponents(glob: string): string[] {
  const components: string[] = [];
  let from = 0;
  for (let i = 0; i < glob.length; i = afterUnit(glob, i)) {
    if (glob[i] !== '/') continue;
    components.push(glob.slice(from, i));
    from = i + 1;
  }
  return [...components, glob.slice(from)];
}

function parseComponent(text: string): Component {
  if (text === '**') return anyNumber;
  if (!isGlob(text)) return text;
  const tokens: Token[] = [];
  for (let i = 0; i < text.length; i = afterUnit(text, i)) {
    const char = text[i] ?? '';
    if (char === '*') {
      if (tokens.at(-1) !== 'star') tokens.push('star');
    } else if (char === '?') tokens.push(() => true);
    else if (char === '\\') tokens.push(same(text[i + 1] ?? char));
    else if (char === '[') tokens.push(inClass(text.slice(i + 1, classEnd(text, i) ?? i)) ?? same(char));
    else tokens.push(same(char));
  }
  return tokens;
}

function same(char: string): (byte: string) => boolean {
  return (byte) => byte === char;
}

/** Undefined for an empty class, which is none. */
function inClass(body: string): ((byte: string) => boolean) | undefined {
  if (body === '') return undefined;
  const negated = body.startsWith('!') || body.startsWith('^');
  const chars: { char: string; isQuoted: boolean }[] = [];
  for (let i = negated ? 1 : 0; i < body.length; i += 1) {
    const isQuoted = body[i] === '\\' && i + 1 < body.length;
    if (isQuoted) i += 1;
    chars.push({ char: body[i] ?? '', isQuoted });
  }
  const ranges: [from: string, to: string][] = [];
  for (let i = 0; i < chars.length; i += 1) {
    const [from, dash, to] = [chars[i], chars[i + 1], chars[i + 2]];
    if (from === undefined) break;
    const isRange = to !== undefined && dash?.char === '-' && !dash.isQuoted;
    ranges.push([from.char, isRange ? to.char : from.char]);
    if (isRange) i += 2;
  }
  return (byte) => ranges.some(([from, to]) => from <= byte && byte <= to) !== negated;
}

/**
 * Whether a sequence matches a pattern in which some elements stand for any number of anything. When it gets stuck, only the last of
 * these takes one more: what is between two of them is best found as early as it can be.
 */
function matchesSequence<E, P>(
  elements: ArrayLike<E>,
  patterns: readonly P[],
  isAny: (pattern: P) => boolean,
  matches: (element: E, pattern: P) => boolean,
): boolean {
  let [at, p] = [0, 0];
  let [resumeAt, resumeP] = [0, -1];
  while (at < elements.length) {
    const pattern = patterns[p];
    if (pattern !== undefined && isAny(pattern)) {
      resumeP = p += 1;
      resumeAt = at;
    } else if (pattern !== undefined && matches(elements[at] as E, pattern)) {
      at += 1;
      p += 1;
    } else if (resumeP >= 0) {
      at = resumeAt += 1;
      p = resumeP;
    } else return false;
  }
  return patterns.slice(p).every(isAny);
}

function matchesComponents(names: readonly string[], components: readonly Component[]): boolean {
  return matchesSequence(names, components, (one) => one === anyNumber, matchesName);
}

function matchesName(name: string, component: Component): boolean {
  if (typeof component === 'string') return name === component;
  if (component === anyNumber) return true;
  return matchesSequence<string, Token>(
    name,
    component,
    (token) => token === 'star',
    (byte, token) => token !== 'star' && token(byte),
  );
}
