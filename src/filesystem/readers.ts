/**
 * Who read a file, or listed a directory, first: one number for each node, that of a process. In memory that serving threads share
 * and the main thread reads for the report.
 */
import type { IndexNode, PathIndex } from '../view/index.js';

/** The memory of {@link Readers}; can be cloned. */
export type SharedReaders = SharedArrayBuffer;

/** See the head of this file. One for each thread. */
export class Readers {
  readonly #of: Uint32Array;

  constructor(readonly shared: SharedReaders) {
    this.#of = new Uint32Array(shared);
  }

  /** Memory for an index; untouched pages cost nothing. */
  static create(index: PathIndex): Readers {
    return new Readers(new SharedArrayBuffer(index.capacity.nodes * Uint32Array.BYTES_PER_ELEMENT));
  }

  /**
   * Notes who reads a file for the first time.
   * @param process `ProcessRecord.id`
   */
  note(node: IndexNode, process: number): void {
    if (node < this.#of.length) this.#of[node] = process;
  }

  /** Who read a file, or listed a directory, first; 0 when nobody knows. */
  of(node: IndexNode): number {
    return this.#of[node] ?? 0;
  }
}
