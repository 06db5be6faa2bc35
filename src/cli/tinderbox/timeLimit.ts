/** How long one target may take: when the time is over, it is as if the user had sent SIGTERM, to this target alone. */
import { constants } from 'node:os';
import { LvfsError } from '../../base/index.js';
import type { Interruption } from '../inside.js';

/** Signals of the user, and the end of the time. */
export class TimeLimit implements Interruption {
  readonly cancelled = new AbortController();
  readonly #signals: Interruption;
  readonly #minutes: number;
  readonly #receivers = new Set<(name: NodeJS.Signals) => void>();
  readonly #timer: NodeJS.Timeout;
  #isOver = false;
  readonly #abort = (): void => this.cancelled.abort();

  constructor(signals: Interruption, minutes: number) {
    this.#signals = signals;
    this.#minutes = minutes;
    const { signal } = signals.cancelled;
    if (signal.aborted) this.#abort();
    signal.addEventListener('abort', this.#abort);
    this.#timer = setTimeout(() => this.#end(), minutes * 60_000);
  }

  #end(): void {
    this.#isOver = true;
    this.#abort();
    for (const receiver of this.#receivers) receiver('SIGTERM');
  }

  passTo(receiver: (name: NodeJS.Signals) => void): () => void {
    if (this.#isOver) receiver('SIGTERM');
    this.#receivers.add(receiver);
    const release = this.#signals.passTo(receiver);
    return () => {
      this.#receivers.delete(receiver);
      return release();
    };
  }

  throwIfAny(): void {
    this.#signals.throwIfAny();
    if (this.#isOver) throw new LvfsError('CANCELLED', 'interrupted');
  }

  get status(): number | undefined {
    return this.#signals.status ?? (this.#isOver ? 128 + constants.signals.SIGTERM : undefined);
  }

  /** The error for a target that took too long; undefined when it did not, or the user ended it. */
  get error(): LvfsError | undefined {
    if (!this.#isOver || this.#signals.status !== undefined) return undefined;
    const time = `${this.#minutes} minute${this.#minutes === 1 ? '' : 's'}`;
    return new LvfsError('TIMEOUT', `it took longer than ${time}, and was ended`);
  }

  /** From now on the time does not matter. */
  release(): void {
    clearTimeout(this.#timer);
    this.#signals.cancelled.signal.removeEventListener('abort', this.#abort);
  }
}
