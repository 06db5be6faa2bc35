/** A lock in memory that threads share: one word of it. 0: free, 1: held, 2: held and waited for. */
import { errno } from './errno.js';
import { FsError } from './errors.js';

/** A thread that holds a lock for so long has died. */
const patienceMs = 60_000;

/**
 * Waits for the lock in a word, and takes it.
 *
 * @param what whoever holds it is doing
 * @throws FsError EIO when whoever holds it has died
 */
export function takeLock(words: Int32Array, at: number, what: string): void {
  let seen = Atomics.compareExchange(words, at, 0, 1);
  while (seen !== 0) {
    if (seen === 2 || Atomics.compareExchange(words, at, 1, 2) !== 0) {
      if (Atomics.wait(words, at, 2, patienceMs) === 'timed-out')
        throw new FsError(errno.EIO, `a thread that was ${what} has died`);
    }
    seen = Atomics.compareExchange(words, at, 0, 2);
  }
}

/** Gives it back, and wakes one that waits. */
export function giveLock(words: Int32Array, at: number): void {
  if (Atomics.exchange(words, at, 0) === 2) Atomics.notify(words, at, 1);
}
