/** Parts of a memory that all begin at one place. */

/** Longer parts are made anew each time: few are asked for. */
const longestKept = 1024;

/**
 * The parts of a memory that begin at an offset, by their length. Each is made once: a view of memory costs more to make
 * than most of what is done with it.
 */
export class Windows {
  readonly #memory: Buffer;
  readonly #start: number;
  readonly #kept: (Buffer | undefined)[] = [];

  constructor(memory: Buffer, start = 0) {
    this.#memory = memory;
    this.#start = start;
  }

  /** The first `length` bytes. */
  of(length: number): Buffer {
    if (length > longestKept) return this.#memory.subarray(this.#start, this.#start + length);
    return (this.#kept[length] ??= this.#memory.subarray(this.#start, this.#start + length));
  }
}
