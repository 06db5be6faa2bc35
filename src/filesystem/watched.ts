/**
 * How a serving thread learns whether a directory of the host is watched for changes, so that the kernel may believe for long
 * what it was told of the names in it. The watches are another thread's: a serving thread is blocked in its read.
 */
import { nodeState, type IndexNode, type PathIndex } from '../view/index.js';

/** Words of the memory that both sides share. */
const answersWord = 0;
const changesWord = 1;

/** How long a request waits for a watch, in milliseconds… */
const patienceMs = 5;
/** …and how long none waits after that was in vain: the other thread is busy. */
const sulkMs = 500;
/** How long it takes until a directory that could not be watched is asked for again. */
const askAgainMs = 10_000;
const rememberedRequests = 20_000;

/** Memory for one mount; hand it to {@link WatchedDirectories} and {@link WatchAnswers}. */
export function newWatchMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT);
}

/** The side of the thread that has the watches. */
export class WatchAnswers {
  readonly #words: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
  }

  /** A request was dealt with, after {@link nodeState}.watched was set if there is a watch now. */
  answered(): void {
    Atomics.add(this.#words, answersWord, 1);
    Atomics.notify(this.#words, answersWord);
  }

  /** Something changed in a watched directory: from now on listings made before are not given any more. */
  changed(): void {
    Atomics.add(this.#words, changesWord, 1);
  }
}

/** The side of a serving thread. */
export class WatchedDirectories {
  readonly #index: PathIndex;
  readonly #words: Int32Array;
  readonly #ask: (directory: IndexNode) => void;
  readonly #asked = new Map<IndexNode, number>();
  #waitAgainAt = 0;

  /** @param ask asks the other thread for a watch; must not wait */
  constructor(index: PathIndex, memory: SharedArrayBuffer, ask: (directory: IndexNode) => void) {
    this.#index = index;
    this.#words = new Int32Array(memory);
    this.#ask = ask;
  }

  /** How often something has changed. */
  get changes(): number {
    return Atomics.load(this.#words, changesWord);
  }

  /** Whether changes of names in a directory will be told to the kernel. Asks for a watch when there is none, and waits a moment. */
  isWatched(directory: IndexNode): boolean {
    if (this.#hasWatch(directory)) return true;
    const now = performance.now();
    if (now - (this.#asked.get(directory) ?? -Infinity) < askAgainMs) return false;
    if (this.#asked.size >= rememberedRequests) this.#asked.clear();
    this.#asked.set(directory, now);
    let seen = Atomics.load(this.#words, answersWord);
    this.#ask(directory);
    if (now < this.#waitAgainAt) return false;
    const end = now + patienceMs;
    for (let left = patienceMs; left > 0; left = end - performance.now()) {
      Atomics.wait(this.#words, answersWord, seen, left);
      if (this.#hasWatch(directory)) return true;
      seen = Atomics.load(this.#words, answersWord);
    }
    this.#waitAgainAt = performance.now() + sulkMs;
    return false;
  }

  #hasWatch(directory: IndexNode): boolean {
    return ((this.#index.state[directory] as number) & nodeState.watched) !== 0;
  }
}
