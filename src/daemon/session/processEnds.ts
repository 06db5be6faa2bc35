/**
 * Learns how the processes end that a view was asked by. The kernel tells only who looks, so it is looked from time to time: soon after
 * a process was met, and then at intervals that double, so that the time of an end is known as well as the time it took.
 */
import type { Ledger, Milliseconds } from '../../audit/index.js';
import { openFilesLimit } from '../../filesystem/index.js';
import { ProcessHandles, type ProcessHandle } from '../../system/index.js';

/** Handles that are open at most, and their share of what may be open. */
const mostHandles = 512;
const share = 1 / 8;

const firstLook: Milliseconds = 20;
const longestWait: Milliseconds = 10_000;

interface Watched {
  readonly handle: ProcessHandle;
  alive: Milliseconds;
}

/** See the head of this file. */
export class ProcessEnds {
  readonly #handles: ProcessHandles;
  readonly #ledger: Ledger;
  readonly #watched = new Map<number, Watched>();
  readonly #most = Math.min(mostHandles, Math.floor(openFilesLimit() * share));
  #timer: NodeJS.Timeout | undefined;
  #due: Milliseconds = Number.POSITIVE_INFINITY;
  #wait = firstLook;

  private constructor(handles: ProcessHandles, ledger: Ledger) {
    this.#handles = handles;
    this.#ledger = ledger;
  }

  /** @returns undefined where the kernel does not tell (before Linux 6.15) */
  static open(ledger: Ledger): ProcessEnds | undefined {
    const handles = ProcessHandles.open();
    return handles === undefined ? undefined : new ProcessEnds(handles, ledger);
  }

  /**
   * Tells the ledger when a process has ended, and then closes the handle. Of more processes at once than can be watched nothing is told.
   *
   * @param process `ProcessRecord.id`
   */
  watch(process: number, handle: ProcessHandle): void {
    if (this.#watched.size >= this.#most) this.look();
    if (this.#watched.size >= this.#most) {
      this.#handles.close(handle);
      return;
    }
    this.#watched.set(process, { handle, alive: Date.now() });
    this.#wait = firstLook;
    this.#arm();
  }

  /** Looks at all of them now. */
  look(): void {
    const now = Date.now();
    for (const [process, one] of this.#watched) {
      const status = this.#handles.statusOf(one.handle);
      if (status === undefined) {
        one.alive = now;
        continue;
      }
      this.#handles.close(one.handle);
      this.#watched.delete(process);
      if (status !== null) this.#ledger.end(process, { status, alive: one.alive, ended: now });
    }
  }

  /** Closes all handles. */
  close(): void {
    clearTimeout(this.#timer);
    for (const { handle } of this.#watched.values()) this.#handles.close(handle);
    this.#watched.clear();
  }

  #arm(): void {
    const due = performance.now() + this.#wait;
    if (this.#watched.size === 0 || this.#due <= due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => {
      this.#due = Number.POSITIVE_INFINITY;
      this.look();
      this.#wait = Math.min(2 * this.#wait, longestWait);
      this.#arm();
    }, this.#wait);
    this.#timer.unref();
  }
}
