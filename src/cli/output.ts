/**
 * The only way to standard output and standard error. Data goes to the first, talk to the second.
 *
 * A reader that goes away (`lvfs deps foo | head -1`) ends the program quietly.
 */
import { writeSync } from 'node:fs';
import picocolors from 'picocolors';
import {
  acting,
  describeError,
  errorCode,
  harmless,
  LvfsError,
  type LogLevel,
  type Logger,
} from '../base/index.js';

type Colors = ReturnType<typeof picocolors.createColors>;

/** The version of every JSON object that lvfs prints; see docs/json.md for what may change within one. */
export const schemaVersion = 1;

/** How an {@link Output} behaves. */
export interface OutputOptions {
  json: boolean;
  color: 'auto' | 'always' | 'never';
  quiet: boolean;
  verbose: boolean;
}

/** Where the answers of a command go. */
export class Output {
  readonly json: boolean;
  /** Columns of the terminal; undefined when standard output is none. Nothing is ever cut to it. */
  readonly width: number | undefined;
  /** Colours of standard output. */
  readonly colors: Colors;
  /** Colours of standard error. */
  readonly errorColors: Colors;
  readonly #quiet: boolean;
  readonly #verbose: boolean;
  #progressShown = false;
  #serves = false;

  constructor(options: OutputOptions) {
    this.json = options.json;
    this.width = process.stdout.isTTY ? process.stdout.columns : undefined;
    this.colors = picocolors.createColors(wantsColor(options.color, process.stdout.isTTY) && !options.json);
    this.errorColors = picocolors.createColors(wantsColor(options.color, process.stderr.isTTY));
    this.#quiet = options.quiet;
    this.#verbose = options.verbose;
  }

  /** From now on what nobody reads is dropped: this process serves others, who do not depend on its readers. */
  serve(): void {
    this.#serves = true;
  }

  /** Writes text and a line end to standard output; returns when the reader has it. */
  print(text: string): void {
    this.endProgress();
    this.#print(`${harmless(text, this.colors.isColorSupported)}\n`);
  }

  /** Writes one JSON object, `schemaVersion` first, on one line to standard output. */
  printJson(value: Readonly<Record<string, unknown>>): void {
    this.endProgress();
    this.#print(`${jsonLine({ schemaVersion, ...value })}\n`);
  }

  /** Shows what is going on, on a terminal only; the next call replaces it. */
  progress(text: string): void {
    if (!this.showsProgress) return;
    writeAll(2, `\r\x1b[K${harmless(text, this.errorColors.isColorSupported)}`);
    this.#progressShown = true;
  }

  /** Whether {@link progress} is shown. */
  get showsProgress(): boolean {
    return !this.#quiet && process.stderr.isTTY;
  }

  /** Something else has drawn the progress line: whatever is written next takes its place. */
  progressDrawn(): void {
    this.#progressShown = true;
  }

  /** Takes the progress line away. */
  endProgress(): void {
    if (!this.#progressShown) return;
    writeAll(2, '\r\x1b[K');
    this.#progressShown = false;
  }

  /** Writes a message to standard error, as far as the user wants to hear it. */
  readonly log: Logger = (level, message) => {
    if (!this.hears(level)) return;
    this.endProgress();
    const { red, yellow, dim } = this.errorColors;
    const mark = { error: red('error: '), warn: yellow('warning: '), info: '', debug: dim('debug: ') }[level];
    writeAll(2, `lvfs: ${mark}${harmless(message, this.errorColors.isColorSupported)}\n`);
  };

  /** For the library: what it says on the way is shown. */
  readonly talk = {
    log: this.log,
    progress: (text: string): void => {
      if (text === '') this.endProgress();
      else this.progress(text);
    },
  };

  /** Writes lines to standard error, beside what another program prints; not with `--quiet`. */
  tell(text: string): void {
    if (this.#quiet) return;
    this.endProgress();
    writeAll(2, `${text}\n`);
  }

  /** For text that goes elsewhere than to a terminal. */
  get withoutColors(): Pick<Output, 'colors'> {
    return { colors: picocolors.createColors(false) };
  }

  /** Whether messages of a level are shown. */
  hears(level: LogLevel): boolean {
    if (level === 'error') return true;
    if (level === 'warn') return !this.#quiet;
    return this.#verbose;
  }

  /**
   * Reports a failure: one line `lvfs: what: why` and, where there is one, a line that says what to do. With
   * `--json` the same as an object on standard output. Anything but an {@link LvfsError} is a bug and shown with
   * its stack. What cannot be written is dropped: nothing more can be said.
   */
  failure(error: unknown): void {
    this.endProgress();
    if (error instanceof LvfsError) {
      if (this.json) writeAll(1, `${jsonLine({ schemaVersion, error: errorToJson(error) })}\n`);
      this.complain(error);
      return;
    }
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    writeAll(2, `lvfs: this is a bug in lvfs: ${harmless(stack, this.errorColors.isColorSupported)}\n`);
  }

  /** The same without the object: for a failure beside an answer that stands. */
  complain(error: LvfsError): void {
    this.endProgress();
    const { red, bold } = this.errorColors;
    const say = (who: string, what: string): void =>
      void writeAll(2, `${who} ${harmless(what, this.errorColors.isColorSupported)}\n`);
    say(red('lvfs:'), describeError(error));
    if (error.hint !== undefined) say(bold('hint:'), error.hint);
  }

  #print(text: string): void {
    const obstacle = writeAll(1, text);
    if (obstacle === undefined || this.#serves) return;
    if (errorCode(obstacle) === 'EPIPE') process.exit(process.exitCode ?? 0);
    throw new LvfsError('OUTPUT', 'cannot write to standard output', { cause: obstacle });
  }
}

/** What `--json` says of a failure. */
export function errorToJson(error: LvfsError): Record<string, unknown> {
  return {
    code: error.code,
    message: describeError(error),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    exitStatus: error.exit,
    ...error.details,
  };
}

/** One line of JSON; what acts on a terminal is written as an escape, which means the same. */
function jsonLine(value: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(value).replace(
    acting,
    (_, char: string, color = '') => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}${color}`,
  );
}

/** `--color` first; then NO_COLOR (any non-empty value, https://no-color.org) and TERM=dumb; then the terminal. */
function wantsColor(when: OutputOptions['color'], isTerminal: boolean | undefined): boolean {
  if (when !== 'auto') return when === 'always';
  if ((process.env['NO_COLOR'] ?? '') !== '' || process.env['TERM'] === 'dumb') return false;
  return isTerminal === true;
}

/**
 * Writes everything, waiting for a slow reader of a non-blocking descriptor.
 *
 * @returns what kept it from being written: EPIPE when the reader has gone away, or the error of a full disk or a closed descriptor
 */
function writeAll(fd: 1 | 2, text: string): Error | undefined {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      if (!(error instanceof Error) || errorCode(error) === undefined) throw error;
      if (errorCode(error) !== 'EAGAIN') return error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
  return undefined;
}
