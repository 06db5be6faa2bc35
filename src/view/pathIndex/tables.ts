/**
 * The memory of the index: its tables, declared once in {@link columns}, in one piece of shared memory. Where each lies, what is
 * saved and in which order, and how they grow follow from the declaration. What the tables mean is in `nameTree.ts`, `owners.ts` and `packageRecords.ts`.
 */
import { errno, FsError, giveLock, keysOf, takeLock } from '../../base/index.js';

declare const indexNodeBrand: unique symbol;

/** A path of the index; 0 is the root. Small enough for a 32-bit integer. */
export type IndexNode = number & { readonly [indexNodeBrand]: true };

/** In place of a node where there is none. `=== -1` tells them apart, for the compiler as well, and costs no more than a number does. */
export type NoNode = -1;

/** Nodes side by side in memory. */
export interface NodeArray<B extends ArrayBufferLike = ArrayBufferLike> extends Uint32Array<B> {
  [place: number]: IndexNode;
  [Symbol.iterator](): ArrayIterator<IndexNode>;
  slice(start?: number, end?: number): NodeArray<ArrayBuffer>;
  subarray(start?: number, end?: number): NodeArray<B>;
}

/** A window on memory that holds nodes, or 0: the root, which also stands for none where it cannot be meant. */
export function nodesIn<B extends ArrayBufferLike>(buffer: B, offset = 0, length?: number): NodeArray<B> {
  const numbers: Uint32Array<B> = new Uint32Array(buffer, offset, length);
  return numbers as NodeArray<B>;
}

/** The root directory. */
export const rootNode = nodeAt(0);

/** The node of a number below {@link NameTree.nodeCount}, where it comes from memory that has numbers only. */
export function nodeAt(number: number): IndexNode {
  return number as IndexNode;
}

/** The node of the next number, to go through all of them: less than {@link NameTree.nodeCount}, or there is none. */
export function nodeBehind(node: IndexNode): IndexNode {
  return nodeAt(node + 1);
}

/** How much an index holds, or has room for. */
export interface IndexSizes {
  nodes: number;
  /** Bytes of names. */
  names: number;
  /** Elements of owner lists. */
  owners: number;
  /** Places of the hash: a power of two. */
  slots: number;
  packages: number;
  /** Elements of the reverse table, package to nodes. */
  packageNodes: number;
  /** Bytes of the names of packages. */
  packageNames: number;
}

/** The parts of an index that are worth saving, in the order of the file: exactly the used part of each table. */
export type IndexSections = readonly Uint8Array[];

/** Words of a package's record. */
export const recordWords = 12;

/** Of what a table has an element each, which elements, and how many of these. */
interface Column<T extends Uint8Array | Uint32Array | Int32Array> {
  readonly per: keyof IndexSizes;
  readonly count: number;
  readonly bytes: number;
  readonly make: (buffer: SharedArrayBuffer, offset: number, length: number) => T;
}

const bytes = (per: keyof IndexSizes): Column<Uint8Array> => ({
  per,
  count: 1,
  bytes: 1,
  make: (...place) => new Uint8Array(...place),
});
const words = (per: keyof IndexSizes, count = 1): Column<Uint32Array> => ({
  per,
  count,
  bytes: 4,
  make: (...place) => new Uint32Array(...place),
});
/** Nodes, or 0 for none: the root is in nothing. */
const nodes = (per: keyof IndexSizes): Column<NodeArray> => ({
  ...words(per),
  make: nodesIn,
});
const counters = (per: keyof IndexSizes): Column<Int32Array> => ({
  per,
  count: 1,
  bytes: 4,
  make: (...place) => new Int32Array(...place),
});

/** What is saved, in the order of the file. */
const savedColumns = {
  /** Nodes, each at the first free place from the hash of its parent and name on. */
  hash: nodes('slots'),
  parent: nodes('nodes'),
  /** Where in `names` the name is. */
  nameAt: words('nodes'),
  firstChild: nodes('nodes'),
  nextSibling: nodes('nodes'),
  /** 0: nobody; id of the package plus one; or {@link listBit} with the first element of a list. */
  owner: words('nodes'),
  /** Pairs: package id, position of the next element or 0. Element 0 is not used. */
  owners: words('owners', 2),
  records: words('packages', recordWords),
  packageNodes: nodes('packageNodes'),
  /** Each with its length, a byte, before it. */
  names: bytes('names'),
  kind: bytes('nodes'),
  packageNames: bytes('packageNames'),
};

const columns = {
  ...savedColumns,
  state: bytes('nodes'),
  memo: bytes('nodes'),
  /** How many references the kernel has to a node that can be given back. */
  held: counters('nodes'),
};

/** Each table as declared in {@link columns}. */
export type Tables = { readonly [K in keyof typeof columns]: ReturnType<(typeof columns)[K]['make']> };
type SavedColumn = keyof typeof savedColumns;

/** Where each table stands among the {@link IndexSections}. */
export const indexSection = Object.fromEntries(
  Object.keys(savedColumns).map((name, position) => [name, position]),
) as Readonly<Record<SavedColumn, number>>;

/** The header, in 32-bit words; `used` and `capacity` begin one word for each of {@link sizeNames}. */
export const word = {
  lock: 0,
  /** How many times a path lost its last owner. */
  abandoned: 1,
  /** The first node that was given back; the others follow as siblings. */
  free: 2,
  freeNodes: 3,
  settledNodes: 4,
  settledNames: 5,
  crowdedNodes: 6,
  crowdedNames: 7,
  asked: 8,
  nodes: 16,
  names: 17,
  owners: 18,
  slots: 19,
  packages: 20,
  packageNodes: 21,
  packageNames: 22,
} as const;
const sizeNames = ['nodes', 'names', 'owners', 'slots', 'packages', 'packageNodes', 'packageNames'] as const;
const firstCapacity = 24;
const headerBytes = 128;

/** The bit in an owner field that says that the rest is the position of a list element. */
export const listBit = 0x8000_0000;

/** How many nodes fit in a hash of so many places: three quarters keep probing short. */
function nodesFor(slots: number): number {
  return Math.floor(slots / 4) * 3;
}

/** Room for an index that now holds `used`, with what a long session may add. */
function withSlack(used: IndexSizes): IndexSizes {
  let slots = 1 << 20;
  while (slots < used.nodes * 1.6) slots *= 2;
  const nodes = nodesFor(slots);
  return {
    nodes,
    names: used.names + (nodes - used.nodes) * 24 + (1 << 20),
    owners: used.owners * 2 + (1 << 20),
    slots,
    packages: used.packages * 2 + (1 << 12),
    packageNodes: used.packageNodes * 2 + (1 << 21),
    packageNames: used.packageNames * 2 + (1 << 18),
  };
}

const emptySizes: IndexSizes = {
  nodes: 1, // the root
  names: 1, // its name: one length byte, 0
  owners: 1,
  slots: 0,
  packages: 0,
  packageNodes: 0,
  packageNames: 0,
};

/** Whether an index can have these sizes. */
export function isSound(sizes: IndexSizes): boolean {
  return (
    sizeNames.every((name) => Number.isInteger(sizes[name]) && sizes[name] >= 0 && sizes[name] < listBit) &&
    sizes.nodes >= 1 &&
    sizes.nodes <= nodesFor(sizes.slots) &&
    Number.isInteger(Math.log2(sizes.slots))
  );
}

/** Bytes of each saved section, in the order of {@link indexSection}. */
export function sectionLengths(sizes: IndexSizes): number[] {
  return lengthsOf(savedColumns, sizes);
}

function lengthsOf(
  of: Readonly<Record<string, Column<Uint8Array | Uint32Array | Int32Array>>>,
  sizes: IndexSizes,
) {
  return Object.values(of).map((column) => sizes[column.per] * column.count * column.bytes);
}

/** Where each table begins in memory of the given room. */
function layoutOf(capacity: IndexSizes): { offsets: number[]; bytes: number } {
  let bytes = headerBytes;
  const offsets = lengthsOf(columns, capacity).map((length) => {
    const offset = bytes;
    bytes += Math.ceil(length / 64) * 64;
    return offset;
  });
  return { offsets, bytes };
}

function tablesIn(buffer: SharedArrayBuffer, capacity: IndexSizes): Tables {
  const { offsets } = layoutOf(capacity);
  return Object.fromEntries(
    Object.entries(columns).map(([name, { per, count, make }], i) => [
      name,
      make(buffer, offsets[i]!, capacity[per] * count),
    ]),
  ) as Tables;
}

/** All tables of an index. Its parts read and write them; they move only before the index is shared. */
export class IndexTables {
  /** The tables as they lie until the memory moves; see {@link follow}. */
  at!: Tables;
  header!: Int32Array;
  /** How much there is room for. */
  capacity!: Readonly<IndexSizes>;
  buffer!: SharedArrayBuffer;
  /** Sizes when the index was first shared: what is saved from then on. */
  settled: Readonly<IndexSizes> | undefined;
  /** Whether it was another thread that made them. */
  readonly isAttached: boolean;
  readonly #followers: ((at: Tables) => void)[] = [];

  private constructor(buffer: SharedArrayBuffer, capacity: IndexSizes, isAttached: boolean) {
    this.isAttached = isAttached;
    this.#map(buffer, capacity);
  }

  /** Without a capacity: enough for what is expected and a long session. */
  static create(
    expected: Partial<IndexSizes>,
    capacity = withSlack({ ...emptySizes, ...expected }),
  ): IndexTables {
    const tables = new IndexTables(new SharedArrayBuffer(layoutOf(capacity).bytes), capacity, false);
    tables.#write(emptySizes, 0);
    return tables;
  }

  static attach(buffer: SharedArrayBuffer): IndexTables {
    return new IndexTables(
      buffer,
      sizesFrom(new Int32Array(buffer, 0, headerBytes / 4), firstCapacity),
      true,
    );
  }

  /** Tables made of saved sections; see `PathIndex.fromSections`. */
  static async fromSections(
    sizes: IndexSizes,
    abandoned: number,
    read: (sections: IndexSections) => void | Promise<void>,
  ): Promise<IndexTables> {
    const capacity = { ...withSlack(sizes), slots: sizes.slots, nodes: nodesFor(sizes.slots) };
    const { offsets, bytes: length } = layoutOf(capacity);
    const buffer = new SharedArrayBuffer(length);
    await read(sectionLengths(sizes).map((bytes, i) => new Uint8Array(buffer, offsets[i], bytes)));
    const tables = new IndexTables(buffer, capacity, false);
    tables.#write(sizes, abandoned);
    return tables;
  }

  /** The used part of each saved table, some of which are given in its place. */
  sections(sizes: IndexSizes, instead: Partial<Pick<Tables, SavedColumn>>): IndexSections {
    const lengths = sectionLengths(sizes);
    const tables: Tables = { ...this.at, ...instead };
    return keysOf(savedColumns).map((name, i) => {
      const table = tables[name];
      return new Uint8Array(table.buffer, table.byteOffset, lengths[i]);
    });
  }

  /** Whether the memory does not move any more. */
  get isFixed(): boolean {
    return this.settled !== undefined || this.isAttached;
  }

  /** How much is in use. */
  get used(): IndexSizes {
    return { ...sizesFrom(this.header, word.nodes), slots: this.capacity.slots };
  }

  /** From now on the memory does not move. */
  settle(): void {
    this.settled = this.used;
    this.header[word.settledNodes] = this.settled.nodes;
    this.header[word.settledNames] = this.settled.names;
  }

  /** Moves everything to memory with room for twice as many paths. Nothing is held by the kernel yet. */
  grow(): void {
    const { used, at: old, capacity: before } = this;
    const abandoned = this.header[word.abandoned]!;
    const capacity = withSlack(before);
    this.#map(new SharedArrayBuffer(layoutOf(capacity).bytes), capacity);
    this.#write(used, abandoned);
    for (const name of keysOf(columns)) if (name !== 'hash' && name !== 'held') this.at[name].set(old[name]);
    for (const take of this.#followers) take(this.at);
  }

  /** Gives the tables, and again whenever they have moved. The hash does not move: who makes it makes it anew. */
  follow(take: (at: Tables) => void): void {
    this.#followers.push(take);
    take(this.at);
  }

  /** @throws FsError ENOMEM when the memory cannot move any more. */
  growFor(what: string): void {
    if (this.isFixed) throw new FsError(errno.ENOMEM, `the path index has no room for more ${what}`);
    this.grow();
  }

  checkWriter(): void {
    if (this.isAttached) throw new Error('packages can be changed only in the thread that made the index');
  }

  /** @throws FsError EIO when whoever holds it has died */
  lock(): void {
    takeLock(this.header, word.lock, 'adding to the path index');
  }

  unlock(): void {
    giveLock(this.header, word.lock);
  }

  #map(buffer: SharedArrayBuffer, capacity: IndexSizes): void {
    this.buffer = buffer;
    this.capacity = capacity;
    this.header = new Int32Array(buffer, 0, headerBytes / 4);
    this.at = tablesIn(buffer, capacity);
  }

  #write(sizes: IndexSizes, abandoned: number): void {
    for (const [i, name] of sizeNames.entries()) {
      this.header[word.nodes + i] = sizes[name];
      this.header[firstCapacity + i] = this.capacity[name];
    }
    this.header[word.abandoned] = abandoned;
  }
}

function sizesFrom(header: Int32Array, at: number): IndexSizes {
  const sizes = { ...emptySizes };
  for (const [i, name] of sizeNames.entries()) sizes[name] = Atomics.load(header, at + i);
  return sizes;
}
