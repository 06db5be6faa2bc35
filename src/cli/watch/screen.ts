/**
 * A whole terminal for one command. However that ends, but by SIGKILL, the terminal is as it was; while the command is stopped
 * (Ctrl-Z) as well.
 */
import { emitKeypressEvents, type Key } from 'node:readline';
import {
  beginSynchronizedOutput,
  cursorHide,
  cursorShow,
  cursorTo,
  endSynchronizedOutput,
  enterAlternativeScreen,
  eraseDown,
  eraseEndLine,
  exitAlternativeScreen,
} from 'ansi-escapes';
import { unlessRefused } from '../../base/index.js';

/** Who is told of what happens at a terminal. */
export interface ScreenListener {
  /** A key, by readline's name for it, or the character. */
  key(key: Key, text: string): void;
  /** All has to be drawn anew. */
  redraw(): void;
  /** The terminal is gone, or somebody asks for the end by a signal. */
  end(signal: NodeJS.Signals | undefined): void;
}

const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Smaller terminals, and those that do not tell, are taken to be this large. */
const smallest = { columns: 20, rows: 6 };
const usual = { columns: 80, rows: 24 };

/** See the head of this file. */
export class Screen {
  readonly #listener: ScreenListener;
  #isOpen = false;

  constructor(listener: ScreenListener) {
    this.#listener = listener;
  }

  get size(): { readonly columns: number; readonly rows: number } {
    const { columns = usual.columns, rows = usual.rows } = process.stdout;
    return { columns: Math.max(columns, smallest.columns), rows: Math.max(rows, smallest.rows) };
  }

  /** Takes the terminal. */
  open(): void {
    emitKeypressEvents(process.stdin);
    // A terminal that goes away ends as a file does, or with EIO.
    process.stdin.on('keypress', this.#onKey).on('end', this.#onEnd).on('error', this.#onEnd);
    process.stdout.on('resize', this.#onResize).on('error', this.#onEnd);
    for (const name of endings) process.on(name, this.#onSignal);
    process.on('SIGTSTP', this.#onStop).on('SIGCONT', this.#onContinue);
    this.#take();
  }

  /** Gives it back. */
  close(): void {
    this.#give();
    process.stdin.off('keypress', this.#onKey).off('end', this.#onEnd);
    process.stdout.off('resize', this.#onResize);
    for (const name of endings) process.off(name, this.#onSignal);
    process.off('SIGTSTP', this.#onStop).off('SIGCONT', this.#onContinue);
    process.stdin.pause();
  }

  /**
   * Shows these lines, from the top.
   *
   * @param cursor where the cursor stands; undefined: nowhere
   */
  draw(lines: readonly string[], cursor?: { readonly column: number; readonly row: number }): void {
    if (!this.#isOpen) return;
    const text = lines.map((line, row) => `${cursorTo(0, row)}${line}${eraseEndLine}`).join('');
    const after = cursor === undefined ? cursorHide : `${cursorTo(cursor.column, cursor.row)}${cursorShow}`;
    process.stdout.write(
      `${beginSynchronizedOutput}${cursorHide}${text}${eraseDown}${after}${endSynchronizedOutput}`,
    );
  }

  /** Stops this process, and its job, until it is continued. */
  stop(): void {
    this.#give();
    process.off('SIGTSTP', this.#onStop);
    process.kill(0, 'SIGTSTP');
    // Here it goes on; at once where nobody could continue it, who is then not stopped.
    process.on('SIGTSTP', this.#onStop);
    this.#onContinue();
  }

  #take(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#setRaw(true);
    process.stdin.resume();
    process.stdout.write(enterAlternativeScreen + cursorHide);
  }

  #give(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    process.stdout.write(cursorShow + exitAlternativeScreen);
    this.#setRaw(false);
  }

  /** Not of a terminal that is gone. */
  #setRaw(isRaw: boolean): void {
    unlessRefused(() => process.stdin.setRawMode(isRaw), undefined);
  }

  readonly #onKey = (text: string | undefined, key: Key): void => {
    if (key.ctrl === true && key.name === 'z') this.stop();
    else this.#listener.key(key, text ?? '');
  };
  readonly #onResize = (): void => this.#listener.redraw();
  readonly #onEnd = (): void => this.#listener.end(undefined);
  readonly #onSignal = (name: NodeJS.Signals): void => this.#listener.end(name);
  readonly #onStop = (): void => this.stop();
  readonly #onContinue = (): void => {
    // The terminal may have been another's meanwhile.
    if (this.#isOpen) this.#setRaw(true);
    this.#take();
    this.#listener.redraw();
  };
}
