/**
 * Who read a file, or listed a directory, first: one number for each node, that of a process; and how often a use of it was told.
 * In memory that serving threads share and the main thread reads for the report.
 */
import type { IndexNode, PathIndex } from '../view/index.js';

/** The memory of {@link Readers}; can be cloned. */
export type SharedReaders = SharedArrayBuffer;

/** Bytes of a node: the number of a process, and a count. */
const nodeBytes = Uint32Array.BYTES_PER_ELEMENT + 1;

/** See the head of this file. One for each thread. */
export class Readers {
  readonly #of: Uint32Array;
  readonly #told: Uint8Array;

  constructor(readonly shared: SharedReaders) {
    const nodes = Math.floor(shared.byteLength / nodeBytes);
    this.#of = new Uint32Array(shared, 0, nodes);
    this.#told = new Uint8Array(shared, this.#of.byteLength, nodes);
  }

  /** Memory for an index; untouched pages cost nothing. */
  static create(index: PathIndex): Readers {
    return new Readers(new SharedArrayBuffer(index.capacity.nodes * nodeBytes));
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

  /** Notes that a use of a file was told. */
  tell(node: IndexNode): void {
    if (this.told(node) < 255) this.#told[node] = this.told(node) + 1;
  }

  /** How often a use of a file was told, up to 255. */
  told(node: IndexNode): number {
    return this.#told[node] ?? 0;
  }

  /** Forgets how often uses of the files of some nodes were told: from the first up to, but without, the second. */
  forgetTold(from: number, to: number): void {
    this.#told.fill(0, from, to);
  }

  /**
   * Forgets all of it.
   * @param nodes how many there are
   */
  clear(nodes: number): void {
    this.#of.fill(0, 0, nodes);
    this.#told.fill(0, 0, nodes);
  }
}
