/** A file of denials, one JSON object a line, that grows while they happen. */
import { closeSync, openSync, writeSync } from 'node:fs';
import type { Denial } from '../audit/index.js';
import { errorCode, LvfsError } from '../base/index.js';
import { denialJson } from './denialText.js';
import { schemaVersion } from './output.js';

/** See the head of this file. A line is in the file when {@link write} returns, whatever becomes of this process. */
export class DenialFile {
  readonly #path: string;
  #fd: number | undefined;
  #failure: unknown;

  /**
   * Makes the file, or empties it or is about to add to it.
   *
   * @throws LvfsError CANNOT_WRITE (exit 1)
   */
  constructor(path: string, how: 'empty' | 'add' = 'empty') {
    this.#path = path;
    this.#fd = this.#try(() => openSync(path, how === 'add' ? 'a' : 'w'));
    this.check();
  }

  /** Adds a line. The first failure ends the file, and is told by {@link check}: a build goes on without its log. */
  write(denial: Denial): void {
    const fd = this.#fd;
    if (fd === undefined || this.#failure !== undefined) return;
    let rest = Buffer.from(`${JSON.stringify({ schemaVersion, ...denialJson(denial) })}\n`);
    this.#try(() => {
      while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
    });
  }

  /** @throws LvfsError CANNOT_WRITE (exit 1) when something could not be written */
  check(): void {
    if (this.#failure === undefined) return;
    throw new LvfsError('CANNOT_WRITE', `${this.#path}: cannot be written`, { cause: this.#failure });
  }

  /** Nothing is written afterwards. */
  close(): void {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd !== undefined) closeSync(fd);
  }

  #try<T>(action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
      this.#failure = error;
      return undefined;
    }
  }
}
