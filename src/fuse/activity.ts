/**
 * What serving threads tell the rest of the process through shared memory, without messages: what was negotiated
 * with the kernel, how many requests of each kind came, and whether a thread is busy with one right now.
 */
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { initFlag, opcodeLimit, opcodeTable, type InitFlag } from './layout.js';
import { keysOf } from '../base/index.js';

/** What INIT agreed upon; see the flags in linux/fuse.h. */
export interface Negotiated {
  /** The minor version of the protocol that both sides use. */
  readonly minor: number;
  /** What the kernel offered; not all of it is used. */
  readonly offered: ReadonlySet<InitFlag>;
  /** What was switched on. */
  readonly enabled: ReadonlySet<InitFlag>;
}

// Words of the shared memory: a head, then one block for each thread. Blocks are whole cache lines.
const headWords = 16;
/** Counts in twos; its lowest bit says that threads have to wait, see {@link Activity.whilePaused}. */
const epochWord = 0;
const pausedBit = 1;
const minorWord = 1;
const offeredWord = 2;
const enabledWord = 4;
const blockWords = 64;
const sequenceWord = 0;
const countersWord = 1;

function flagsAt(words: Int32Array, at: number): Set<InitFlag> {
  const flags = new Set<InitFlag>();
  for (const name of keysOf(initFlag)) {
    const bit = initFlag[name];
    if ((Atomics.load(words, at + (bit >> 5)) >>> (bit & 31)) & 1) flags.add(name);
  }
  return flags;
}

/** One connection's shared memory, from either side. Hand {@link buffer} to another thread and wrap it there. */
export class Activity {
  readonly #words: Int32Array;
  readonly threads: number;

  /** Wraps memory made by {@link Activity.create}. */
  constructor(readonly buffer: SharedArrayBuffer) {
    this.#words = new Int32Array(buffer);
    this.threads = (this.#words.length - headWords) / blockWords;
  }

  /** Memory for at most `threads` serving threads. */
  static create(threads: number): Activity {
    return new Activity(
      new SharedArrayBuffer((headWords + threads * blockWords) * Int32Array.BYTES_PER_ELEMENT),
    );
  }

  /** What INIT agreed upon; undefined until the first thread has answered it. */
  get negotiated(): Negotiated | undefined {
    const minor = Atomics.load(this.#words, minorWord);
    if (minor === 0) return undefined;
    return {
      minor,
      offered: flagsAt(this.#words, offeredWord),
      enabled: flagsAt(this.#words, enabledWord),
    };
  }

  /** The agreed minor version, 0 before INIT; cheaper than {@link negotiated}. */
  get minor(): number {
    return Atomics.load(this.#words, minorWord);
  }

  /** Whether INIT switched a flag on; cheap. */
  isEnabled(flag: InitFlag): boolean {
    return this.#bit(enabledWord, flag);
  }

  /** Whether the kernel knows what a flag stands for; cheap. */
  isOffered(flag: InitFlag): boolean {
    return this.#bit(offeredWord, flag);
  }

  #bit(at: number, flag: InitFlag): boolean {
    const bit = initFlag[flag];
    return ((Atomics.load(this.#words, at + (bit >> 5)) >>> (bit & 31)) & 1) === 1;
  }

  /** Called by the thread that answered INIT; flags are pairs of words (bits 0–31, 32–63). */
  setNegotiated(minor: number, offered: readonly [number, number], enabled: readonly [number, number]): void {
    for (const half of [0, 1] as const) {
      Atomics.store(this.#words, offeredWord + half, offered[half]);
      Atomics.store(this.#words, enabledWord + half, enabled[half]);
    }
    Atomics.store(this.#words, minorWord, minor);
  }

  /** Requests so far by name (`LOOKUP`, …, `unknown`), only those that occurred; each wraps at 2^32. */
  requests(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (let opcode = 0; opcode < opcodeLimit; opcode++) {
      let count = 0;
      for (let thread = 0; thread < this.threads; thread++) {
        count += (this.#words[headWords + thread * blockWords + countersWord + opcode] ?? 0) >>> 0;
      }
      const name = opcodeTable[opcode]?.name ?? 'unknown';
      if (count > 0) counts[name] = (counts[name] ?? 0) + count;
    }
    return counts;
  }

  /**
   * Waits until every request that a thread had begun to handle when this was called has been answered. After a
   * change to shared data, requests answered from the old state are then all with the kernel, and notifications
   * drop whatever it cached from them. False when that took longer than `deadlineMs` (a slow disk).
   *
   * A thread that has read a request but not yet marked itself busy is no danger: it has not looked at any data,
   * and both sides fence through the epoch word.
   */
  async quiescent(deadlineMs = 10_000): Promise<boolean> {
    const words = this.#words;
    Atomics.add(words, epochWord, 2);
    const end = performance.now() + deadlineMs;
    for (let thread = 0; thread < this.threads; thread++) {
      const at = headWords + thread * blockWords + sequenceWord;
      const seen = Atomics.load(words, at);
      if ((seen & 1) === 0) continue;
      for (let turn = 0; Atomics.load(words, at) === seen; turn++) {
        if (performance.now() > end) return false;
        await (turn < 100 ? nextTurn() : delay(1));
      }
    }
    return true;
  }

  /**
   * Does something while no thread handles a request, nor begins to: they wait meanwhile, so it has to be short, and may not
   * ask for anything that the threads serve.
   * @returns whether it was done: not when a request took longer than `deadlineMs` (a slow disk)
   */
  async whilePaused(work: () => void, deadlineMs = 1000): Promise<boolean> {
    const words = this.#words;
    Atomics.or(words, epochWord, pausedBit);
    try {
      if (!(await this.quiescent(deadlineMs))) return false;
      work();
      return true;
    } finally {
      Atomics.and(words, epochWord, ~pausedBit);
      Atomics.notify(words, epochWord);
    }
  }

  /** The marks of one serving thread; `thread` counts from 0. */
  thread(thread: number): ThreadActivity {
    if (!(Number.isInteger(thread) && thread >= 0 && thread < this.threads)) {
      throw new RangeError(`thread ${thread} of ${this.threads}`);
    }
    return new ThreadActivity(this.#words, headWords + thread * blockWords);
  }
}

/** How a serving thread marks what it does. Only that thread writes here. */
export class ThreadActivity {
  readonly #words: Int32Array;
  readonly #sequenceAt: number;
  readonly #countersAt: number;
  #sequence = 0;

  constructor(words: Int32Array, at: number) {
    this.#words = words;
    this.#sequenceAt = at + sequenceWord;
    this.#countersAt = at + countersWord;
    this.#sequence = Atomics.load(words, this.#sequenceAt) & ~1;
  }

  /** Before a request looks at any shared data. Waits while {@link Activity.whilePaused} does its work. */
  begin(): void {
    this.#step();
    // The load keeps later plain reads behind the store on weakly ordered machines.
    if ((Atomics.load(this.#words, epochWord) & pausedBit) !== 0) this.#waitWhilePaused();
  }

  /** After the reply was written. */
  end(): void {
    this.#step();
  }

  /** From idle to busy, or back. */
  #step(): void {
    this.#sequence = (this.#sequence + 1) | 0;
    Atomics.store(this.#words, this.#sequenceAt, this.#sequence);
  }

  #waitWhilePaused(): void {
    const words = this.#words;
    for (let word; ((word = Atomics.load(words, epochWord)) & pausedBit) !== 0;) {
      this.#step();
      Atomics.wait(words, epochWord, word);
      this.#step();
    }
  }

  /** Counts a request. */
  count(opcode: number): void {
    const at = this.#countersAt + (opcode < opcodeLimit ? opcode : 0);
    this.#words[at] = (this.#words[at] ?? 0) + 1;
  }
}
