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

type State = 'between' | 'word' | '"' | "'" | 'escape' | 'ended';

/** The tokens of a text, as Python's `shlex` in POSIX mode gives them. */
class Lexer {
  readonly #sources: Source[] = [];
  #source: Source;
  #state: State = 'between';
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
    const source = this.#source;
    let token = '';
    let quoted = false;
    // Where an escape began: within double quotes it only takes the backslash off `"` and `\`.
    let escapedIn: '"' | 'word' = 'word';
    for (;;) {
      const c = source.text[source.position];
      if (c !== undefined) source.position++;
      if (c === '\n') source.line++;
      if (this.#state === 'ended') break;
      if (this.#state === 'between') {
        // A line is counted with its newline, so this is where the token, if it is one, begins.
        this.#tokenLine = c === '\n' ? source.line - 1 : source.line;
        if (c === undefined) {
          this.#state = 'ended';
          break;
        }
        if (WHITESPACE.has(c)) continue;
        if (c === '#') this.#skipLine();
        else if (c === '\\') {
          escapedIn = 'word';
          this.#state = 'escape';
        } else if (WORD.has(c)) {
          token = c;
          this.#state = 'word';
        } else if (c === '"' || c === "'") this.#state = c;
        else {
          token = c;
          break;
        }
      } else if (this.#state === '"' || this.#state === "'") {
        quoted = true;
        if (c === undefined)
          throw this.error(`found the end of the file, expected the closing ${this.#state}`);
        if (c === this.#state) this.#state = 'word';
        else if (c === '\\' && this.#state === '"') {
          escapedIn = '"';
          this.#state = 'escape';
        } else token += c;
      } else if (this.#state === 'escape') {
        if (c === undefined) throw this.error(`found the end of the file, expected a character after '\\'`);
        if (escapedIn === '"' && c !== '\\' && c !== '"') token += '\\';
        token += c;
        this.#state = escapedIn;
      } else if (c === undefined) {
        this.#state = 'ended';
        break;
      } else if (WHITESPACE.has(c)) {
        this.#state = 'between';
        if (token !== '' || quoted) break;
      } else if (c === '#') {
        this.#skipLine();
        this.#state = 'between';
        if (token !== '' || quoted) break;
      } else if (c === '"' || c === "'") this.#state = c;
      else if (c === '\\') {
        escapedIn = 'word';
        this.#state = 'escape';
      } else if (WORD.has(c)) token += c;
      else {
        this.#pushedBack = c;
        this.#state = 'between';
        if (token !== '' || quoted) break;
        // An empty word in front of it is nothing; Portage then reads on and gives the character later.
      }
    }
    return !quoted && token === '' ? undefined : token;
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
  let out = '';
  let inSingle = false;
  let inDouble = false;
  let at = 0;
  const unfinished = { complaint: "found the end of the value, expected '}'" };
  while (at < value.length) {
    if (out.length > longestValue) return { complaint: `it would be longer than ${longestValue} characters` };
    const c = value[at];
    if (c === "'") {
      out += c;
      if (!inDouble) inSingle = !inSingle;
      at++;
    } else if (c === '"') {
      out += c;
      if (!inSingle) inDouble = !inDouble;
      at++;
    } else if (inSingle) {
      out += c;
      at++;
    } else if (c === '\n') {
      out += ' ';
      at++;
    } else if (c === '\\') {
      const next = value[at + 1];
      if (next === undefined) return { value: `${out}\\` };
      at += 2;
      if (next === '$') out += next;
      else if (next === '\\') {
        out += next;
        // What follows a double backslash is not looked at again; Portage keeps this for compatibility.
        const after = value[at];
        if (after === "'" || after === '"' || after === '$') {
          out += after;
          at++;
        }
      } else if (next !== '\n') out += `\\${next}`;
    } else if (c === '$') {
      at++;
      if (at === value.length) {
        out += '$';
        continue;
      }
      const braced = value[at] === '{';
      if (braced) at++;
      const start = at;
      while (isNameCharacter(value[at])) at++;
      const name = value.slice(start, at);
      if (braced) {
        if (value[at] !== '}') return unfinished;
        at++;
      }
      if (name === '') return { complaint: braced ? '${}: bad substitution' : '$: bad substitution' };
      out += variables.get(name) ?? '';
    } else {
      out += c;
      at++;
    }
  }
  return { value: out };
}

function readOne(files: RootFiles, file: string, options: MakeConfOptions): Map<string, string> | undefined {
  const text = files.readText(file);
  if (text === undefined) return undefined;
  const { expand, warn } = options;
  let sourcedFiles = 0;
  const open = (name: string, lexer: Lexer): Source => {
    const expanded = expandVariables(name, expand === false ? new Map() : expand);
    let wanted = 'value' in expanded ? expanded.value : '';
    if (wanted.startsWith('"')) wanted = wanted.slice(1, -1);
    if (wanted === '') throw lexer.error(`'source' expected a file name, found '${name}'`);
    const target = wanted.startsWith('/')
      ? files.at(wanted)
      : path.posix.join(path.posix.dirname(lexer.file), wanted);
    if (lexer.depth >= MAX_SOURCE_DEPTH || ++sourcedFiles > MAX_SOURCED_FILES)
      throw lexer.error(`'${target}' is sourced without end`);
    let sourced: string | undefined;
    try {
      sourced = files.readText(target);
    } catch (error) {
      if (!(error instanceof LvfsError)) throw error;
      throw lexer.error(`cannot source '${target}'`, error.cause);
    }
    if (sourced === undefined) throw lexer.error(`cannot source '${target}': no such file`);
    return { file: target, text: sourced, position: 0, line: 1 };
  };
  const lexer = new Lexer(
    // Without a newline at its end, a `source` in the last line would be lost.
    { file, text: text.endsWith('\n') || text === '' ? text : `${text}\n`, position: 0, line: 1 },
    options.sourcing === true ? open : undefined,
  );
  const variables = new Map<string, string>();
  for (;;) {
    let key = lexer.token();
    if (key === 'export') key = lexer.token();
    if (key === undefined) return variables;
    const equals = lexer.token();
    if (equals === undefined || equals === '') {
      throw lexer.error(`found the end of the file after '${key}', expected '='`);
    }
    if (equals !== '=') throw lexer.error(`found '${equals}' after '${key}', expected '='`);
    const value = lexer.token();
    if (value === undefined) throw lexer.error(`found the end of the file, expected a value for '${key}'`);
    if (INVALID_NAME.test(key)) throw lexer.error(`found '${key}', expected the name of a variable`);
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
