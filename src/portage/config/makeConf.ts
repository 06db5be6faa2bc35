/**
 * The format of make.conf, make.defaults, make.globals and profile.env: a small part of shell syntax, read as
 * Portage reads it (`portage.util.getconfig` on top of Python's `shlex`; make.conf(5)), which differs from a shell:
 * text between single quotes is expanded too, `${A:-b}` empties the whole value, and `A=` with nothing is an error.
 */
import path from 'node:path';
import { LvfsError } from '../../base/index.js';
import type { RootFiles } from '../rootFiles.js';
import type { DataWarning } from '../types.js';

/** How {@link readMakeConf} reads. */
export interface MakeConfOptions {
  /** Known variables, updated with every assignment; false leaves `$A` as it is (profile.env). */
  expand: Map<string, string> | false;
  /** Whether `source FILE` works, as in make.conf; default false. */
  sourcing?: boolean;
  /** Whether a directory stands for the files in it; default false. */
  recursive?: boolean;
  /** Called for what Portage complains about without refusing the file. */
  warn: (warning: DataWarning) => void;
}

/** Files that source each other without end are refused at this depth (Portage runs out of file descriptors). */
const MAX_SOURCE_DEPTH = 500;

/** Files that source others twice, which source others twice …: no real configuration comes near. */
const MAX_SOURCED_FILES = 10_000;

const WHITESPACE = new Set(' \t\r\n');
const WORD = new Set('0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ~!@#$%*_\\:;?,./-+{}');
/** A digit in front, or anything that Python's `\w` does not match. */
const INVALID_NAME = /^\p{Nd}|[^\p{L}\p{N}_]/u;

function refuse(file: string, line: number, message: string, cause?: unknown): LvfsError {
  return new LvfsError('MAKE_CONF', `${file}:${line}: ${message}`, {
    details: { file, line },
    cause,
  });
}

/** One text being read, with its place. */
interface Source {
  file: string;
  text: string;
  position: number;
  line: number;
}

/** A token that is being read. */
interface Token {
  text: string;
  /** Whether part of it was in quotes, so that it is one even when it is empty. */
  quoted: boolean;
}

type State = 'between' | 'word' | '"' | "'" | 'escape' | 'ended';

/** The tokens of a text, as Python's `shlex` in POSIX mode gives them. */
class Lexer {
  readonly #sources: Source[] = [];
  #source: Source;
  #state: State = 'between';
  /** Read last; undefined at the end of the text. */
  #char: string | undefined;
  /** Where an escape began: within double quotes it only takes the backslash off `"` and `\`. */
  #escapedIn: '"' | 'word' = 'word';
  #pushedBack: string | undefined;
  #tokenLine = 1;
  readonly #open: ((name: string, lexer: Lexer) => Source | undefined) | undefined;

  constructor(source: Source, open?: (name: string, lexer: Lexer) => Source | undefined) {
    this.#source = source;
    this.#open = open;
  }

  get file(): string {
    return this.#source.file;
  }

  /** The line on which the last token began. */
  get line(): number {
    return this.#tokenLine;
  }

  get depth(): number {
    return this.#sources.length;
  }

  error(message: string, cause?: unknown): LvfsError {
    return refuse(this.file, this.line, message, cause);
  }

  /** The next token, with `source` statements followed; undefined at the end of everything. */
  token(): string | undefined {
    for (;;) {
      if (this.#pushedBack !== undefined) {
        const token = this.#pushedBack;
        this.#pushedBack = undefined;
        return token;
      }
      const raw = this.#read();
      if (raw === 'source' && this.#open !== undefined) {
        const name = this.#read();
        if (name === undefined || name === '') throw this.error(`'source' expected a file name`);
        const opened = this.#open(name, this);
        if (opened !== undefined) {
          this.#sources.push(this.#source);
          this.#source = opened;
        }
        continue;
      }
      if (raw !== undefined) return raw;
      const outer = this.#sources.pop();
      if (outer === undefined) return undefined;
      this.#source = outer;
      this.#state = 'between';
    }
  }

  #skipLine(): void {
    const source = this.#source;
    const end = source.text.indexOf('\n', source.position);
    source.position = end < 0 ? source.text.length : end + 1;
    source.line++;
  }

  #read(): string | undefined {
    const token: Token = { text: '', quoted: false };
    do this.#next();
    while (!this.#take(token));
    return !token.quoted && token.text === '' ? undefined : token.text;
  }

  /** Goes on by a character. */
  #next(): void {
    const source = this.#source;
    this.#char = source.text[source.position];
    if (this.#char !== undefined) source.position++;
    if (this.#char === '\n') source.line++;
  }

  /** Adds a character to a token; whether it has come to its end. */
  #take(token: Token): boolean {
    switch (this.#state) {
      case 'ended':
        return true;
      case 'between':
        return this.#takeBetween(token);
      case '"':
      case "'":
        this.#takeQuoted(token, this.#state);
        return false;
      case 'escape':
        this.#takeEscaped(token);
        return false;
      case 'word':
        return this.#takeInWord(token);
    }
  }

  #takeBetween(token: Token): boolean {
    const c = this.#char;
    // A line is counted with its newline, so this is where the token, if it is one, begins.
    this.#tokenLine = c === '\n' ? this.#source.line - 1 : this.#source.line;
    if (c === undefined) {
      this.#state = 'ended';
      return true;
    }
    if (WHITESPACE.has(c)) return false;
    if (c === '#') this.#skipLine();
    else if (this.#begins(c)) return false;
    else {
      token.text = c;
      if (!WORD.has(c)) return true;
      this.#state = 'word';
    }
    return false;
  }

  #takeQuoted(token: Token, quote: '"' | "'"): void {
    const c = this.#char;
    token.quoted = true;
    if (c === undefined) throw this.error(`found the end of the file, expected the closing ${quote}`);
    if (c === quote) this.#state = 'word';
    else if (c === '\\' && quote === '"') {
      this.#escapedIn = '"';
      this.#state = 'escape';
    } else token.text += c;
  }

  #takeEscaped(token: Token): void {
    const c = this.#char;
    if (c === undefined) throw this.error(`found the end of the file, expected a character after '\\'`);
    if (this.#escapedIn === '"' && c !== '\\' && c !== '"') token.text += '\\';
    token.text += c;
    this.#state = this.#escapedIn;
  }

  #takeInWord(token: Token): boolean {
    const c = this.#char;
    if (c === undefined) {
      this.#state = 'ended';
      return true;
    }
    if (!WHITESPACE.has(c) && c !== '#') {
      if (this.#begins(c)) return false;
      if (WORD.has(c)) {
        token.text += c;
        return false;
      }
      // Behind an empty word, which is nothing, Portage reads on and gives the character later.
      this.#pushedBack = c;
    } else if (c === '#') this.#skipLine();
    this.#state = 'between';
    return token.text !== '' || token.quoted;
  }

  /** Whether a character begins a quotation or an escape. */
  #begins(c: string): boolean {
    if (c === '"' || c === "'") this.#state = c;
    else if (c === '\\') {
      this.#escapedIn = 'word';
      this.#state = 'escape';
    } else return false;
    return true;
  }
}

function isNameCharacter(c: string | undefined): boolean {
  return c !== undefined && /[A-Za-z0-9_]/.test(c);
}

/** Eight times what an environment can hold of one variable (MAX_ARG_STRLEN of linux/binfmts.h). */
const longestValue = 1 << 20;

/**
 * Expands `$A` and `${A}` in a value and removes the backslashes of `\\`, `\$` and escaped newlines, as
 * `portage.util.varexpand`. A newline becomes a space. Unset variables expand to nothing.
 * @returns the value, or the complaint of a value that Portage replaces by the empty string.
 */
export function expandVariables(
  value: string,
  variables: ReadonlyMap<string, string>,
): { value: string } | { complaint: string } {
  return new Expansion(value, variables).run();
}

/** One run of {@link expandVariables}. */
class Expansion {
  readonly #value: string;
  readonly #variables: ReadonlyMap<string, string>;
  #at = 0;
  #out = '';
  #quote: '"' | "'" | undefined;

  constructor(value: string, variables: ReadonlyMap<string, string>) {
    this.#value = value;
    this.#variables = variables;
  }

  run(): { value: string } | { complaint: string } {
    while (this.#at < this.#value.length) {
      if (this.#out.length > longestValue)
        return { complaint: `it would be longer than ${longestValue} characters` };
      const complaint = this.#step(this.#value[this.#at++]);
      if (complaint !== undefined) return { complaint };
    }
    return { value: this.#out };
  }

  /** Takes what a character begins, which has been passed; the complaint about it. */
  #step(c = ''): string | undefined {
    if (c === '"' || c === "'") this.#takeQuote(c);
    else if (this.#quote === "'") this.#out += c;
    else if (c === '\\') this.#escape();
    else if (c === '$') return this.#variable();
    else this.#out += c === '\n' ? ' ' : c;
    return undefined;
  }

  #takeQuote(c: '"' | "'"): void {
    this.#out += c;
    if (this.#quote === undefined) this.#quote = c;
    else if (this.#quote === c) this.#quote = undefined;
  }

  #escape(): void {
    const next = this.#value[this.#at++];
    if (next === undefined) this.#out += '\\';
    else if (next === '$') this.#out += next;
    else if (next === '\\') {
      this.#out += next;
      // What follows a double backslash is not looked at again; Portage keeps this for compatibility.
      const after = this.#value[this.#at];
      if (after === "'" || after === '"' || after === '$') {
        this.#out += after;
        this.#at++;
      }
    } else if (next !== '\n') this.#out += `\\${next}`;
  }

  #variable(): string | undefined {
    const value = this.#value;
    if (this.#at === value.length) {
      this.#out += '$';
      return undefined;
    }
    const braced = value[this.#at] === '{';
    if (braced) this.#at++;
    const start = this.#at;
    while (isNameCharacter(value[this.#at])) this.#at++;
    const name = value.slice(start, this.#at);
    if (braced) {
      if (value[this.#at] !== '}') return "found the end of the value, expected '}'";
      this.#at++;
    }
    if (name === '') return braced ? '${}: bad substitution' : '$: bad substitution';
    this.#out += this.#variables.get(name) ?? '';
    return undefined;
  }
}

/** A relative path that a file names. `..` is where the kernel finds it: above that which a link to the directory leads to. */
function beside(files: RootFiles, file: string, wanted: string): string {
  const directory = path.posix.dirname(file);
  return path.posix.join(wanted.startsWith('../') ? files.resolve(directory) : directory, wanted);
}

/** Opens the files that a configuration sources. */
function sourceOpener(files: RootFiles, expand: MakeConfOptions['expand']) {
  let sourcedFiles = 0;
  return (name: string, lexer: Lexer): Source => {
    const expanded = expandVariables(name, expand === false ? new Map() : expand);
    let wanted = 'value' in expanded ? expanded.value : '';
    if (wanted.startsWith('"')) wanted = wanted.slice(1, -1);
    if (wanted === '') throw lexer.error(`'source' expected a file name, found '${name}'`);
    const target = wanted.startsWith('/') ? files.at(wanted) : beside(files, lexer.file, wanted);
    if (lexer.depth >= MAX_SOURCE_DEPTH || ++sourcedFiles > MAX_SOURCED_FILES)
      throw lexer.error(`'${target}' is sourced without end`);
    let sourced: string | undefined;
    try {
      // The one device that is as good as a file; a tree that is looked at from outside need not have it.
      sourced = wanted === '/dev/null' ? '' : files.readText(target);
    } catch (error) {
      if (!(error instanceof LvfsError)) throw error;
      throw lexer.error(`cannot source '${target}'`, error.cause);
    }
    if (sourced === undefined) throw lexer.error(`cannot source '${target}': no such file`);
    return { file: target, text: sourced, position: 0, line: 1 };
  };
}

/** The next assignment as it stands there; undefined at the end. */
function readAssignment(lexer: Lexer): { key: string; value: string } | undefined {
  let key = lexer.token();
  if (key === 'export') key = lexer.token();
  if (key === undefined) return undefined;
  const equals = lexer.token();
  if (equals === undefined || equals === '') {
    throw lexer.error(`found the end of the file after '${key}', expected '='`);
  }
  if (equals !== '=') throw lexer.error(`found '${equals}' after '${key}', expected '='`);
  const value = lexer.token();
  if (value === undefined) throw lexer.error(`found the end of the file, expected a value for '${key}'`);
  if (INVALID_NAME.test(key)) throw lexer.error(`found '${key}', expected the name of a variable`);
  return { key, value };
}

function readOne(files: RootFiles, file: string, options: MakeConfOptions): Map<string, string> | undefined {
  const text = files.readText(file);
  if (text === undefined) return undefined;
  const { expand, warn } = options;
  const lexer = new Lexer(
    // Without a newline at its end, a `source` in the last line would be lost.
    { file, text: text.endsWith('\n') || text === '' ? text : `${text}\n`, position: 0, line: 1 },
    options.sourcing === true ? sourceOpener(files, expand) : undefined,
  );
  const variables = new Map<string, string>();
  for (let read = readAssignment(lexer); read !== undefined; read = readAssignment(lexer)) {
    const { key, value } = read;
    if (expand === false) {
      variables.set(key, value);
      continue;
    }
    const expanded = expandVariables(value, expand);
    if ('complaint' in expanded) {
      warn({ file: lexer.file, line: lexer.line, message: `${key} is empty: ${expanded.complaint}` });
    }
    const result = 'value' in expanded ? expanded.value : '';
    variables.set(key, result);
    expand.set(key, result);
  }
  return variables;
}

/**
 * The variables that a file assigns, in the order of their first assignment (later assignments win).
 *
 * @param file host path of a file; with `recursive` also of a directory, whose files are read in the order of
 *   their names and see each other's variables.
 * @returns undefined when there is no such file.
 * @throws LvfsError `MAKE_CONF` with file and line (`details`) where Portage refuses the configuration as a whole;
 *   `UNREADABLE`.
 */
export function readMakeConf(
  files: RootFiles,
  file: string,
  options: MakeConfOptions,
): Map<string, string> | undefined {
  if (options.recursive !== true) {
    return files.kind(file) === 'directory' ? undefined : readOne(files, file, options);
  }
  let variables: Map<string, string> | undefined;
  for (const part of files.expand(file)) {
    variables ??= new Map();
    for (const [key, value] of readOne(files, part, options) ?? []) variables.set(key, value);
  }
  return variables;
}
