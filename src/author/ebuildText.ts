/**
 * The text of an ebuild as far as its dependencies are concerned: where variables are assigned, and what an assigned dependency string
 * is made of, with the place of each part. Ebuilds are bash (PMS 4.4), of which so much is understood as tells an assignment from what
 * only looks like one: quotes, expansions, comments, here-documents, functions and compound commands.
 */

/** An assignment to a variable. Offsets are those of UTF-16 code units in the text. */
export interface Assignment {
  readonly name: string;
  /** `+=` rather than `=`. */
  readonly appends: boolean;
  /** What the value is in; empty: it is bare. `mixed`: it is made of parts in different quotes, or an array. */
  readonly quote: '"' | "'" | '' | 'mixed';
  readonly start: number;
  readonly end: number;
  /** The value without its quotes. */
  readonly valueStart: number;
  readonly valueEnd: number;
  /** Whether it is made whatever happens: outside of functions and compound commands. */
  readonly isAlways: boolean;
  /** The end of the outermost compound command or function that it is in; its own end when it is in none. */
  readonly blockEnd: number;
  readonly isInFunction: boolean;
}

const openers: ReadonlyMap<string, string> = new Map([
  ['if', 'fi'],
  ['case', 'esac'],
  ['do', 'done'],
  ['{', '}'],
  ['(', ')'],
]);
/** Words behind which a command begins. */
const beforeCommands: ReadonlySet<string> = new Set(['then', 'else', 'elif', 'do', '{', 'if', 'while', '!']);

/** All assignments that stand at the beginning of a command, in their order. */
export function assignmentsIn(text: string): Assignment[] {
  return new Scanner(text).scan();
}

interface Open {
  readonly closer: string;
  readonly isFunction: boolean;
}

class Scanner {
  readonly #text: string;
  readonly #found: Assignment[] = [];
  /** The first assignment in the outermost construct that is open. */
  #firstInside = 0;
  readonly #open: Open[] = [];
  #hereDocuments: { word: string; tabs: boolean }[] = [];
  /** The next word begins a command. */
  #isCommand = true;
  /** The next `{` opens the body of a function. */
  #isFunctionNext = false;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  scan(): Assignment[] {
    while (this.#at < this.#text.length) {
      if (!this.#passSpace() && !this.#passOperator()) this.#takeWord();
    }
    return this.#found;
  }

  /** Passes blanks, comments and line ends; false where none of these stands. */
  #passSpace(): boolean {
    const text = this.#text;
    const char = text.charAt(this.#at);
    if (char === '\n') {
      this.#at++;
      this.#skipHereDocuments();
      this.#isCommand = true;
    } else if (/\s/.test(char)) this.#at++;
    else if (text.startsWith('\\\n', this.#at)) this.#at += 2;
    else if (char === '#') this.#at = lineEnd(text, this.#at);
    else return false;
    return true;
  }

  /** Passes what stands between commands, brackets, and redirections without the word behind them; false where none of these stands. */
  #passOperator(): boolean {
    const text = this.#text;
    const char = text.charAt(this.#at);
    if (text.startsWith('()', this.#at)) {
      this.#at += 2;
      this.#isFunctionNext = true;
      this.#isCommand = true;
    } else if (/[;&|()]/.test(char)) {
      if (char === '(') this.#enter(')', false);
      if (char === ')') this.#leave(')');
      this.#at++;
      this.#isCommand = true;
    } else if (text.startsWith('<<', this.#at) && !text.startsWith('<<<', this.#at)) this.#takeHereDocument();
    else if (char === '<' || char === '>') this.#at++;
    else return false;
    return true;
  }

  /** Takes an assignment or passes another word, which may open or close something where it begins a command. */
  #takeWord(): void {
    if (!this.#isCommand) return void this.#word();
    const text = this.#text;
    const assigned = /^([A-Za-z_]\w*)(\+?)=/.exec(text.slice(this.#at, this.#at + 80));
    if (assigned !== null)
      return this.#takeAssignment(assigned[1] ?? '', assigned[2] === '+', assigned[0].length);
    const word = this.#word();
    if (word === 'function') {
      this.#at += /^\s*[^\s(]+/.exec(text.slice(this.#at, this.#at + 200))?.[0].length ?? 0;
      this.#isFunctionNext = true;
      return;
    }
    const closer = openers.get(word);
    if (closer !== undefined) this.#enter(closer, word === '{' && this.#isFunctionNext);
    else if (word === this.#open.at(-1)?.closer) this.#leave(word);
    this.#isFunctionNext &&= word !== '{';
    // `name()` and `name ()`
    this.#isCommand = beforeCommands.has(word) || text.startsWith('()', this.#at);
  }

  #enter(closer: string, isFunction: boolean): void {
    if (this.#open.length === 0) this.#firstInside = this.#found.length;
    this.#open.push({ closer, isFunction });
  }

  #leave(closer: string): void {
    // In `case`, patterns end in a bracket that nothing opened.
    if (this.#open.at(-1)?.closer !== closer) return;
    this.#open.pop();
    if (this.#open.length > 0) return;
    const end = this.#at + (closer === ')' ? 1 : 0);
    for (let i = this.#firstInside; i < this.#found.length; i++) {
      const one = this.#found[i];
      if (one !== undefined) this.#found[i] = { ...one, blockEnd: end };
    }
  }

  #takeAssignment(name: string, appends: boolean, length: number): void {
    const start = this.#at;
    this.#at += length;
    const from = this.#at;
    const first = this.#text.charAt(from);
    if (first === '(') {
      this.#at++;
      skipNested(this.#text, this.#at, ')', (end) => (this.#at = end));
    } else this.#word();
    const raw = this.#text.slice(from, this.#at);
    const isQuoted = (first === '"' || first === "'") && quotedEnd(this.#text, from) === this.#at;
    const isBare = /^[^"'`()\\]*$/.test(raw);
    const quote = isQuoted ? (first === '"' ? '"' : "'") : isBare ? '' : 'mixed';
    this.#found.push({
      name,
      appends,
      quote,
      start,
      end: this.#at,
      valueStart: isQuoted ? from + 1 : from,
      valueEnd: isQuoted ? this.#at - 1 : this.#at,
      isAlways: this.#open.length === 0,
      blockEnd: this.#at,
      isInFunction: this.#open.some(({ isFunction }) => isFunction),
    });
  }

  /** Reads a word with its quotes and expansions, and returns it. */
  #word(): string {
    const text = this.#text;
    const start = this.#at;
    while (this.#at < text.length) {
      const char = text.charAt(this.#at);
      if (/[\s;&|()<>]/.test(char)) break;
      if (char === '"' || char === "'") this.#at = quotedEnd(text, this.#at);
      else if (char === '\\') this.#at += 2;
      else if (char === '`') this.#at = Math.max(this.#at + 1, text.indexOf('`', this.#at + 1) + 1);
      else if (char === '$') this.#at = expansionEnd(text, this.#at);
      else this.#at++;
    }
    // Whatever this is, it is passed by.
    if (this.#at === start) this.#at++;
    return text.slice(start, this.#at);
  }

  #takeHereDocument(): void {
    const [all = '', tabs, word = ''] =
      /^<<(-?)[ \t]*(\\?\w+|"[^"\n]*"|'[^'\n]*')/.exec(this.#text.slice(this.#at, this.#at + 200)) ?? [];
    this.#at += Math.max(2, all.length);
    if (word !== '') this.#hereDocuments.push({ word: word.replaceAll(/["'\\]/g, ''), tabs: tabs === '-' });
  }

  #skipHereDocuments(): void {
    for (const { word, tabs } of this.#hereDocuments) {
      while (this.#at < this.#text.length) {
        const end = lineEnd(this.#text, this.#at);
        const line = this.#text.slice(this.#at, end);
        this.#at = Math.min(this.#text.length, end + 1);
        if ((tabs ? line.replace(/^\t+/, '') : line) === word) break;
      }
    }
    this.#hereDocuments = [];
  }
}

/** The offset of the next line end, or of the end of the text. */
export function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end;
}

/** The offset behind a quoted string that begins at `at`. */
function quotedEnd(text: string, at: number): number {
  const quote = text.charAt(at);
  let i = at + 1;
  while (i < text.length) {
    const char = text.charAt(i);
    if (char === quote) return i + 1;
    if (quote === '"' && char === '\\') i += 2;
    else if (quote === '"' && char === '$') i = expansionEnd(text, i);
    else i++;
  }
  return text.length;
}

/** The offset behind an expansion that begins with the `$` at `at`. */
function expansionEnd(text: string, at: number): number {
  const next = text.charAt(at + 1);
  let end = at + 1;
  if (next === '{') skipNested(text, at + 2, '}', (found) => (end = found));
  else if (next === '(') skipNested(text, at + 2, ')', (found) => (end = found));
  else if (next === "'") return quotedEnd(text, at + 1);
  else end = at + 1 + (/^\w*/.exec(text.slice(at + 1, at + 100))?.[0].length ?? 0);
  return Math.max(end, at + 1);
}

/** Finds the offset behind the bracket that closes, from inside it. */
function skipNested(text: string, from: number, closer: string, found: (end: number) => void): void {
  const opener = closer === '}' ? '{' : '(';
  let depth = 1;
  let i = from;
  while (i < text.length && depth > 0) {
    const char = text.charAt(i);
    if (char === '"' || char === "'") i = quotedEnd(text, i);
    else if (char === '\\') i += 2;
    else if (char === '$') i = expansionEnd(text, i);
    else {
      if (char === opener) depth++;
      if (char === closer) depth--;
      i++;
    }
  }
  found(Math.min(i, text.length));
}

/** A part of a dependency string (PMS 8.2) as it is written, with its place in the text. */
export type Part = Word | Group;

/** An atom, or an expansion of bash that stands for any number of things. */
export interface Word {
  readonly kind: 'word';
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Something in brackets. */
export interface Group {
  readonly kind: 'group';
  /** `flag?`, `!flag?`, `||`, or empty. */
  readonly head: string;
  readonly start: number;
  readonly end: number;
  /** The offset behind the opening bracket. */
  readonly inner: number;
  /** The offset of the closing bracket. */
  readonly innerEnd: number;
  readonly parts: readonly Part[];
}

/** Reads the dependency string between two offsets; undefined when its brackets do not match. */
export function partsOf(text: string, start: number, end: number): readonly Part[] | undefined {
  const open: { head: string; start: number; inner: number; parts: Part[] }[] = [];
  let parts: Part[] = [];
  const outer: Part[][] = [];
  let head: Word | undefined;
  for (const word of wordsBetween(text, start, end)) {
    if (word.text === '(') {
      open.push({ head: head?.text ?? '', start: head?.start ?? word.start, inner: word.end, parts });
      outer.push(parts);
      parts = [];
      head = undefined;
    } else if (word.text === ')') {
      const group = open.pop();
      const before = outer.pop();
      if (group === undefined || before === undefined) return undefined;
      before.push({
        kind: 'group',
        head: group.head,
        start: group.start,
        end: word.end,
        inner: group.inner,
        innerEnd: word.start,
        parts,
      });
      parts = before;
    } else if (/^(?:!?[\w+@-]+\?|\|\||\^\^|\?\?)$/.test(word.text)) head = word;
    else parts.push(word);
  }
  return open.length === 0 ? parts : undefined;
}

function* wordsBetween(text: string, start: number, end: number): Generator<Word> {
  let at = start;
  while (at < end) {
    if (/\s/.test(text.charAt(at)) || text.startsWith('\\\n', at)) {
      at++;
      continue;
    }
    const from = at;
    while (at < end && !/\s/.test(text.charAt(at)))
      at = text.charAt(at) === '$' ? expansionEnd(text, at) : at + 1;
    yield { kind: 'word', text: text.slice(from, Math.min(at, end)), start: from, end: Math.min(at, end) };
  }
}
