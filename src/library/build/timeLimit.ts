/** How long one target may take: when the time is over, it is as if the user had sent SIGTERM, to this target alone. */
import { LvfsError } from '../../base/index.js';
import type { Interruption } from './interruption.js';

/** Node takes a longer time for none, in milliseconds; it is 24 days. */
const longestTimer = 0x7fffffff;

/** What interrupts all, and the end of the time. */
export class TimeLimit implements Interruption {
  readonly #cancelled = new AbortController();
  readonly signal = this.#cancelled.signal;
  readonly #all: Interruption;
  readonly #minutes: number;
  readonly #receivers = new Set<(name: NodeJS.Signals) => void>();
  readonly #timer: NodeJS.Timeout;
  #isOver = false;
  readonly #abort = (): void => this.#cancelled.abort();

  constructor(all: Interruption, minutes: number) {
    this.#all = all;
    this.#minutes = minutes;
    if (all.signal.aborted) this.#abort();
    all.signal.addEventListener('abort', this.#abort);
    this.#timer = setTimeout(() => this.#end(), Math.min(minutes * 60_000, longestTimer));
  }

  #end(): void {
    this.#isOver = true;
    this.#abort();
    for (const receiver of this.#receivers) receiver('SIGTERM');
  }

  readonly passTo = (receiver: (name: NodeJS.Signals) => void): (() => void) => {
    if (this.#isOver) receiver('SIGTERM');
    this.#receivers.add(receiver);
    const release = this.#all.passTo(receiver);
    return () => {
      this.#receivers.delete(receiver);
      release();
    };
  };

  /** The error for a target that took too long; undefined when it did not, or the user ended it. */
  get error(): LvfsError | undefined {
    if (!this.#isOver || this.#all.signal.aborted) return undefined;
    const time = `${this.#minutes} minute${this.#minutes === 1 ? '' : 's'}`;
    return new LvfsError('TIMEOUT', `it took longer than ${time}, and was ended`);
  }

  /** From now on the time does not matter. */
  release(): void {
    clearTimeout(this.#timer);
    this.#all.signal.removeEventListener('abort', this.#abort);
  }
}
