/**
 * Open files of the host by node id, shared by all serving threads.
 *
 * The kernel never says that a file is opened or closed, only that it has forgotten it. So what was read stays open until then:
 * when its name stands for another file meanwhile, who uses the first reads on. There is a limit; beyond it the one that was
 * not read for longest is closed, first among those that were read whole, of which the kernel has all pages. A closed file is
 * opened again at its path as long as it is there; when it is not, reading it fails with ESTALE, and never gives another's data.
 *
 * The memory is a table of sets of a few places each; a file has its place in one set, which is locked while it is read.
 */
import { giveLock, openFilesAllowed, takeLock } from '../base/index.js';
import type { NodeId } from '../fuse/index.js';

const ways = 8;
const placeWords = 4;
const setWords = 4 + ways * placeWords;
// Words of a set.
const lockWord = 0;
const clockWord = 1;
const firstPlace = 4;
// Words of a place.
const nodeWord = 0;
const fileWord = 1;
/** The descriptor + 1; 0: free. */
const openWord = 2;
/** When it was read, by the clock of its set, times 2; odd when it was read whole. */
const usedWord = 3;

/** Where nothing is known of the limit. */
export const fewOpenFiles = 256;

/** As many as a view keeps however many a process may have, and the part of these that it leaves to other uses. */
const mostOpenFiles = 8192;
const spared = 0.25;

/** How many files this process can keep open for a view (getrlimit(2), RLIMIT_NOFILE; Node has raised it to what is allowed). */
export function openFilesLimit(): number {
  const limit = openFilesAllowed();
  return limit === undefined ? fewOpenFiles : Math.min(mostOpenFiles, Math.floor(limit * (1 - spared)) - 100);
}

/** See the head of this file. One for each thread, over the same memory. */
export class OpenFiles {
  readonly #words: Int32Array;
  readonly #sets: number;

  constructor(
    readonly memory: SharedArrayBuffer,
    private readonly closeFile: (fd: number) => void,
  ) {
    this.#words = new Int32Array(memory);
    this.#sets = this.#words.length / setWords;
  }

  /** Memory for at most `limit` open files, at least a handful. */
  static memory(limit: number): SharedArrayBuffer {
    const sets = Math.max(1, Math.floor(limit / ways));
    return new SharedArrayBuffer(sets * setWords * Int32Array.BYTES_PER_ELEMENT);
  }

  /**
   * The descriptor of a file, or −1. Until {@link leave} it stays open, and no other thread reads a file of the same set.
   * @returns where {@link leave} and {@link keep} find it
   */
  enter(nodeId: NodeId): number {
    const set = this.#setOf(nodeId);
    takeLock(this.#words, set + lockWord, 'reading a file');
    return set;
  }

  /** The descriptor of a file in an entered set, or −1. */
  find(set: number, nodeId: NodeId): number {
    const place = this.#placeOf(set, nodeId);
    if (place < 0) return -1;
    const words = this.#words;
    words[place + usedWord] = this.#tick(set) + (words[place + usedWord]! & 1);
    return words[place + openWord]! - 1;
  }

  /**
   * Keeps a descriptor for the next reads, in an entered set.
   * @param whole everything in it has been read
   */
  keep(set: number, nodeId: NodeId, fd: number, whole: boolean): void {
    const words = this.#words;
    const place = this.#placeToUse(set);
    const open = words[place + openWord]!;
    if (open !== 0) this.closeFile(open - 1);
    words[place + nodeWord] = nodeId >>> 0;
    words[place + fileWord] = Math.floor(nodeId / 0x1_0000_0000);
    words[place + openWord] = fd + 1;
    words[place + usedWord] = this.#tick(set) + (whole ? 1 : 0);
  }

  leave(set: number): void {
    giveLock(this.#words, set + lockWord);
  }

  /** Closes a file that the kernel has forgotten. */
  forget(nodeId: NodeId): void {
    const set = this.#setOf(nodeId);
    // Mostly it was never read, and a place that is being filled just now is not that of something forgotten.
    if (this.#placeOf(set, nodeId) < 0) return;
    takeLock(this.#words, set + lockWord, 'reading a file');
    const place = this.#placeOf(set, nodeId);
    if (place >= 0) this.#close(place);
    this.leave(set);
  }

  /** Closes all. */
  close(): void {
    for (let set = 0; set < this.#words.length; set += setWords) {
      takeLock(this.#words, set + lockWord, 'reading a file');
      for (let way = 0; way < ways; way++) this.#close(set + firstPlace + way * placeWords);
      this.leave(set);
    }
  }

  #close(place: number): void {
    const open = this.#words[place + openWord]!;
    if (open !== 0) this.closeFile(open - 1);
    this.#words[place + openWord] = 0;
  }

  #setOf(nodeId: NodeId): number {
    return ((Math.imul(nodeId >>> 0, 0x9e3779b1) >>> 8) % this.#sets) * setWords;
  }

  #placeOf(set: number, nodeId: NodeId): number {
    const words = this.#words;
    const node = nodeId | 0;
    const file = Math.floor(nodeId / 0x1_0000_0000);
    for (let way = 0; way < ways; way++) {
      const place = set + firstPlace + way * placeWords;
      if (
        words[place + nodeWord] === node &&
        words[place + fileWord] === file &&
        words[place + openWord] !== 0
      )
        return place;
    }
    return -1;
  }

  /** A free place, or the one that is best given up. */
  #placeToUse(set: number): number {
    const words = this.#words;
    let best = set + firstPlace;
    let bestRank = Infinity;
    for (let way = 0; way < ways; way++) {
      const place = set + firstPlace + way * placeWords;
      if (words[place + openWord] === 0) return place;
      const used = words[place + usedWord]!;
      const rank = used + ((used & 1) === 1 ? 0 : 0x8000_0000);
      if (rank < bestRank) [best, bestRank] = [place, rank];
    }
    return best;
  }

  #tick(set: number): number {
    const clock = (this.#words[set + clockWord]! + 1) & 0x3fff_ffff;
    this.#words[set + clockWord] = clock;
    return clock * 2;
  }
}
