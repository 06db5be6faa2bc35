/**
 * Which directories of the host are watched for changes, so that the kernel may believe for long what it was told of the names
 * in them. A serving thread adds a watch before it looks at what is in a directory, so that nothing is missed; another thread
 * hears of the changes (see daemon/hostWatch.ts).
 */
import { errno, failure } from '../base/index.js';
import type { DirectoryWatcher } from '../system/index.js';
import { nodeAt, nodeState, type IndexNode, type NoNode, type View } from '../view/index.js';

// Words of the memory that all threads share: a head, then pairs (number of a watch, node) at places by the number.
const changesWord = 0;
const fullWord = 1;
const countWord = 2;
const headWords = 4;
const places = 1 << 18;

/** Watches of a view at most: each costs the kernel about 1 KiB, and others need some as well. */
const mostWatches = 1 << 16;

/** Memory for one mount; hand it to {@link WatchedDirectories} and {@link WatchTable}. */
export function newWatchMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer((headWords + places * 2) * Int32Array.BYTES_PER_ELEMENT);
}

/** The directories behind watches, for the thread that hears of changes. */
export class WatchTable {
  readonly #words: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
  }

  /** Something changed in a watched directory: what was found out before is not given any more. */
  changed(): void {
    Atomics.add(this.#words, changesWord, 1);
  }

  /** Whether no more directories can be watched. */
  get isFull(): boolean {
    return Atomics.load(this.#words, fullWord) !== 0;
  }

  /** How many directories are watched. */
  get count(): number {
    return Atomics.load(this.#words, countWord);
  }

  /** The directory of a watch, or −1. */
  directoryOf(watch: number): IndexNode | NoNode {
    const place = placeOf(watch);
    return this.#words[place] === watch ? nodeAt(this.#words[place + 1]!) : -1;
  }

  /** A watch is over. */
  remove(watch: number): void {
    const place = placeOf(watch);
    if (Atomics.compareExchange(this.#words, place, watch, 0) === watch)
      Atomics.sub(this.#words, countWord, 1);
  }

  /** All watches there are. */
  *watches(): Generator<number> {
    for (let place = headWords; place < this.#words.length; place += 2) {
      const watch = this.#words[place]!;
      if (watch !== 0) yield watch;
    }
  }
}

/** The side of a serving thread. */
export class WatchedDirectories {
  readonly #view: View;
  readonly #words: Int32Array;
  readonly #watcher: DirectoryWatcher;

  constructor(view: View, memory: SharedArrayBuffer, watcher: DirectoryWatcher) {
    this.#view = view;
    this.#words = new Int32Array(memory);
    this.#watcher = watcher;
  }

  /** How often something has changed. */
  get changes(): number {
    return Atomics.load(this.#words, changesWord);
  }

  /**
   * Whether changes of names in a directory, from now on, will be told to the kernel; watches the directory where it can.
   * Changes through another hard link or a writable mapping are seen by nobody.
   */
  isWatched(directory: IndexNode): boolean {
    const { index, paths } = this.#view;
    if ((index.state[directory]! & nodeState.watched) !== 0) return true;
    if (Atomics.load(this.#words, fullWord) !== 0) return false;
    const watch = this.#watcher.add(paths.of(directory));
    if (watch < 0) {
      if (watch === failure(errno.ENOSPC) || watch === failure(errno.ENOMEM))
        Atomics.store(this.#words, fullWord, 1);
      return false;
    }
    const place = placeOf(watch);
    const there = Atomics.compareExchange(this.#words, place, 0, watch);
    if (there === 0) {
      this.#words[place + 1] = directory;
      if (Atomics.add(this.#words, countWord, 1) + 1 >= mostWatches) Atomics.store(this.#words, fullWord, 1);
    } else if (there !== watch || this.#words[place + 1] !== directory) {
      // The same directory is shown at two places: only one of them can be told.
      return false;
    }
    index.setState(directory, nodeState.watched);
    return true;
  }
}

function placeOf(watch: number): number {
  return headWords + (watch % places) * 2;
}
