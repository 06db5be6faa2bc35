/**
 * Numbers that tell nothing. Node ids follow from places in the index, and places were given to hidden names as well: by the gaps
 * between them, whoever is inside could count what is hidden. So between a view and the kernel all of them (node ids, inode numbers,
 * offsets in listings) are exchanged for others, by a permutation that each mount chooses by chance.
 *
 * An inode number stays below 2^32, the two kinds of them apart, and the root keeps its own.
 */
import { randomInt } from 'node:crypto';
import type { Errno } from '../base/index.js';
import type { Caller, DirectorySink, Entry, NodeId, Notifier, Operations } from '../fuse/index.js';
import { firstLinkedNumber, linkedNumberBits } from './identity.js';

/** More names than an index can hold in memory. */
const nodeBits = 30;
/** Offsets below are those of `.` and `..` (see viewFs.ts). */
const childOffset = 2;

/** What chooses the numbers of one mount; the same in all its threads. */
export type NumberingKey = readonly [number, number, number];

/** A new key. */
export function newNumberingKey(): NumberingKey {
  const odd = (): number => randomInt(2 ** 31) * 2 + 1;
  return [odd(), odd(), odd()];
}

/** A permutation of the numbers of so many bits. Zero stays what it is. */
class Permutation {
  readonly #mask: number;
  readonly #shift: number;
  readonly #key: NumberingKey;
  readonly #inverse: NumberingKey;

  constructor(bits: number, key: NumberingKey) {
    this.#mask = 2 ** bits - 1;
    // Twice as much is all, so that to do it again undoes it.
    this.#shift = Math.ceil(bits / 2);
    this.#key = key;
    this.#inverse = [inverseOf(key[0]), inverseOf(key[1]), inverseOf(key[2])];
  }

  apply(number: number): number {
    const [a, b, c] = this.#key;
    return this.#mix(number, a, b, c);
  }

  undo(number: number): number {
    const [a, b, c] = this.#inverse;
    return this.#mix(number, c, b, a);
  }

  #mix(number: number, first: number, second: number, third: number): number {
    let value = Math.imul(number, first) & this.#mask;
    value ^= value >>> this.#shift;
    value = Math.imul(value, second) & this.#mask;
    value ^= value >>> this.#shift;
    return Math.imul(value, third) & this.#mask;
  }
}

/** What an odd number has to be multiplied with to give 1 modulo 2^32: Newton's iteration doubles the bits that are right. */
function inverseOf(odd: number): number {
  let inverse = odd;
  for (let i = 0; i < 5; i++) inverse = Math.imul(inverse, 2 - Math.imul(odd, inverse));
  return inverse;
}

/** See the head of this file. */
export class Numbering {
  readonly #nodes: Permutation;
  readonly #linked: Permutation;

  constructor(key: NumberingKey) {
    this.#nodes = new Permutation(nodeBits, key);
    this.#linked = new Permutation(linkedNumberBits, key);
  }

  /** The kernel's number for a node id of the view; 0 for none. */
  toKernel(id: NodeId): NodeId {
    const low = id >>> 0;
    return low === 0 ? id : id - low + this.#nodes.apply(low - 1) + 1;
  }

  /** The node id of the view for one of the kernel's. */
  toView(id: NodeId): NodeId {
    const low = id >>> 0;
    return low === 0 ? id : id - low + this.#nodes.undo(low - 1) + 1;
  }

  inode(number: number): number {
    return number < firstLinkedNumber
      ? this.toKernel(number)
      : firstLinkedNumber + this.#linked.apply(number - firstLinkedNumber);
  }

  offsetToKernel(offset: number): number {
    return offset <= childOffset ? offset : this.toKernel(offset - childOffset) + childOffset;
  }

  offsetToView(offset: number): number {
    return offset <= childOffset ? offset : this.toView(offset - childOffset) + childOffset;
  }

  /** Tells the kernel of changes by its own numbers. */
  notifier(notifier: Notifier): Notifier {
    return {
      invalidateNode: (node, offset, length) => notifier.invalidateNode(this.toKernel(node), offset, length),
      invalidateEntry: (parent, name, drop) => notifier.invalidateEntry(this.toKernel(parent), name, drop),
    };
  }
}

/** The operations of a view, with the numbers that the kernel has. */
export class NumberedOperations implements Operations {
  readonly getxattr: Operations['getxattr'];
  readonly listxattr: Operations['listxattr'];
  readonly #operations: Operations;
  readonly #numbering: Numbering;
  readonly #sink: NumberedSink;

  constructor(operations: Operations, numbering: Numbering) {
    this.#operations = operations;
    this.#numbering = numbering;
    this.#sink = new NumberedSink(numbering);
    const { getxattr, listxattr } = operations;
    this.getxattr =
      getxattr && ((node, name, into, caller) => getxattr(numbering.toView(node), name, into, caller));
    this.listxattr = listxattr && ((node, into, caller) => listxattr(numbering.toView(node), into, caller));
  }

  lookup(parent: NodeId, name: Buffer, caller: Caller, out: Entry): Errno {
    const code = this.#operations.lookup(this.#numbering.toView(parent), name, caller, out);
    if (code === 0) number(this.#numbering, out);
    return code;
  }

  forget(node: NodeId, count: number): void {
    this.#operations.forget(this.#numbering.toView(node), count);
  }

  getattr(node: NodeId, caller: Caller, out: Entry): Errno {
    const code = this.#operations.getattr(this.#numbering.toView(node), caller, out);
    if (code === 0) number(this.#numbering, out);
    return code;
  }

  readlink(node: NodeId, caller: Caller): Uint8Array | Errno {
    return this.#operations.readlink(this.#numbering.toView(node), caller);
  }

  read(node: NodeId, offset: number, into: Buffer, caller: Caller): number {
    return this.#operations.read(this.#numbering.toView(node), offset, into, caller);
  }

  readdir(node: NodeId, offset: number, caller: Caller, sink: DirectorySink): Errno {
    const numbering = this.#numbering;
    const own = this.#sink.into(sink);
    return this.#operations.readdir(numbering.toView(node), numbering.offsetToView(offset), caller, own);
  }

  statfs(...given: Parameters<Operations['statfs']>): Errno {
    return this.#operations.statfs(...given);
  }
}

class NumberedSink implements DirectorySink {
  wantsAttributes = false;
  readonly #numbering: Numbering;
  #sink: DirectorySink | undefined;

  constructor(numbering: Numbering) {
    this.#numbering = numbering;
  }

  get entry(): Entry {
    return this.#sink!.entry;
  }

  into(sink: DirectorySink): this {
    this.#sink = sink;
    this.wantsAttributes = sink.wantsAttributes;
    return this;
  }

  add(name: Uint8Array, ino: number, type: number, nextOffset: number): boolean {
    const numbering = this.#numbering;
    return this.#sink!.add(name, numbering.inode(ino), type, numbering.offsetToKernel(nextOffset));
  }

  addWithAttributes(name: Uint8Array, nextOffset: number): boolean {
    number(this.#numbering, this.entry);
    return this.#sink!.addWithAttributes(name, this.#numbering.offsetToKernel(nextOffset));
  }
}

function number(numbering: Numbering, entry: Entry): void {
  entry.nodeId = numbering.toKernel(entry.nodeId);
  entry.attr.ino = numbering.inode(entry.attr.ino);
}
