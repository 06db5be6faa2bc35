/**
 * The host-wide index: a tree of path components, each with the packages that own it, in one piece of shared memory.
 *
 * The main thread makes or loads it; serving threads attach to the same memory. A node is a number that never changes, so it
 * can be handed to the kernel as an identity. What was in the index when it was shared stays. What was added since can be
 * given back ({@link PathIndex.giveBack}), as long as nobody owns it and the kernel has forgotten it: its number and the room of its
 * name are another's then.
 *
 * Readers take no locks. What they may meet while another thread writes:
 *  - *A new name* (any thread, {@link PathIndex.ensure}): all fields of a node are written before the node is published
 *    in the hash and in its parent's list of children, which is only ever prepended to.
 *  - *Ownership* (one thread only, the one that made the index): an owner list is prepended to, or an element is
 *    unlinked that keeps its own link, so a reader that stands on it goes on to the rest. Elements are not used again.
 * Publishing is done by `Atomics.store`; readers reach what it covers through the published number. Nodes are given back while all
 * other threads stand still.
 *
 * Sizes are fixed once the index has been shared: then `ensure` fails with ENOMEM rather than move the memory. Spare
 * room is untouched memory, which costs address space only. What is *not* here: which packages may be seen, rules, and
 * the host's files (see `view.ts`), and reading VDBs and saved files (see `indexStore.ts`).
 */
import { errno, FsError, isAscii } from '../base/index.js';

declare const indexNodeBrand: unique symbol;

/** A path of the index; 0 is the root. Small enough for a 32-bit integer. */
export type IndexNode = number & { readonly [indexNodeBrand]: true };

/** The root directory. */
export const rootNode = 0 as IndexNode;

/** What CONTENTS says of a path (one of its owners, when they differ); `implied`: it is only a parent, or not owned. */
export const indexKind = { implied: 0, obj: 1, sym: 2, dir: 3, fif: 4, dev: 5 } as const;

/** One of the numbers in {@link indexKind}. */
export type IndexKind = (typeof indexKind)[keyof typeof indexKind];

/** What another thread needs to {@link PathIndex.attach}; can be cloned and transferred between threads. */
export interface SharedIndex {
  readonly buffer: SharedArrayBuffer;
}

/** A package that the index knows. Its id is below {@link PathIndex.packageCapacity} and stays its own. */
export interface IndexedPackage {
  readonly id: number;
  readonly cpv: string;
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

/** Where each table stands among the {@link IndexSections}. */
export const indexSection = {
  hash: 0,
  parent: 1,
  nameAt: 2,
  firstChild: 3,
  nextSibling: 4,
  owner: 5,
  owners: 6,
  records: 7,
  packageNodes: 8,
  names: 9,
  kind: 10,
  packageNames: 11,
} as const;

/** The longest name a host filesystem can have; longer ones are not in the index. */
export const maxNameBytes = 255;

// The header, in 32-bit words.
const wordLock = 0;
const wordNodes = 1;
const wordNames = 2;
const wordOwners = 3;
const wordPackages = 4;
const wordPackageNodes = 5;
const wordAbandoned = 6;
const wordPackageNames = 7;
const wordCapacities = 8; // seven of them, in the order of IndexSizes
const wordFree = 15; // the first node that was given back; the others follow as siblings
const wordFreeNodes = 16;
const wordSettledNodes = 17;
const wordSettledNames = 18;
const wordCrowdedNodes = 19;
const wordCrowdedNames = 20;
const wordAsked = 21;
const headerBytes = 128;

/** Words of a package's record. */
export const recordWords = 12;
const recordCpvAt = 0;
const recordCpvBytes = 1;
const recordFlags = 2;
const recordNodesAt = 3;
const recordNodes = 4;
const recordIdentity = 5;
/** Words that tell one state of a package's CONTENTS from another. */
export const identityWords = recordWords - recordIdentity;

const flagLive = 1;
const flagDamaged = 2;

/** The bit in an owner field that says that the rest is the position of a list element. */
export const listBit = 0x8000_0000;

const lockPatienceMs = 10_000;

/** The part of a shared index's room that is left for what has to be in it: paths of packages, and places of the rules. */
const sparedShare = 1 / 32;

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

export class PathIndex {
  /**
   * One byte a node for the session that serves the index (never saved, all 0 at first): what the kernel may hold of
   * it. The meaning of the bits is the user's. Not to be kept in a variable before {@link share}.
   */
  state!: Uint8Array;
  /** One byte a node, like {@link state}, for answers worth remembering. */
  memo!: Uint8Array;
  /** Hears, in the thread that it is set in, that somebody should {@link giveBack} what he can; once, until that was done. */
  onCrowded: (() => void) | undefined;

  /** How many references the kernel has to a node that can be given back. */
  #held!: Int32Array;
  #buffer!: SharedArrayBuffer;
  #header!: Int32Array;
  #hash!: Uint32Array;
  #slotMask = 0;
  #parent!: Uint32Array;
  #nameAt!: Uint32Array;
  #firstChild!: Uint32Array;
  #nextSibling!: Uint32Array;
  #owner!: Uint32Array;
  /** Pairs: package id, position of the next element or 0. Element 0 is not used. */
  #owners!: Uint32Array;
  #records!: Uint32Array;
  #packageNodes!: Uint32Array;
  #names!: Uint8Array;
  #kind!: Uint8Array;
  #packageNames!: Uint8Array;
  #capacity!: IndexSizes;
  /** Sizes when the index was first shared: what is saved from then on. */
  #settled: IndexSizes | undefined;
  #attached = false;
  /** The first node that was added since the index was shared. */
  #firstLoose = Infinity;
  #cpvs: string[] = [];
  #ids = new Map<string, number>();

  private constructor(buffer: SharedArrayBuffer, capacity: IndexSizes) {
    this.#map(buffer, capacity);
  }

  /**
   * An empty index: only the root.
   * @param expected spares growing when the final size can be guessed
   * @param capacity the room to begin with, by default enough for what is expected and a long session
   */
  static create(
    expected: Partial<IndexSizes> = {},
    capacity = withSlack({ ...emptySizes, ...expected }),
  ): PathIndex {
    const index = new PathIndex(new SharedArrayBuffer(layoutOf(capacity).bytes), capacity);
    index.#writeCapacity();
    const header = index.#header;
    header[wordNodes] = 1;
    header[wordNames] = 1; // the root's name: one length byte, 0
    header[wordOwners] = 1;
    return index;
  }

  /** The index of another thread, to read and to add names to. Packages can only be changed where it was made. */
  static attach(shared: SharedIndex): PathIndex {
    const words = new Int32Array(shared.buffer, 0, headerBytes / 4);
    const capacity = sizesFrom(words, wordCapacities);
    const index = new PathIndex(shared.buffer, capacity);
    index.#attached = true;
    index.#firstLoose = words[wordSettledNodes]!;
    return index;
  }

  /**
   * What other threads {@link attach} to. From the first call on the memory does not move and what has been in the
   * index is *settled*: {@link sections} gives that and no more.
   */
  share(): SharedIndex {
    if (this.#settled === undefined) {
      this.#settled = this.sizes;
      this.#firstLoose = this.#settled.nodes;
      this.#header[wordSettledNodes] = this.#settled.nodes;
      this.#header[wordSettledNames] = this.#settled.names;
      this.#expectCrowd();
    }
    return { buffer: this.#buffer };
  }

  /**
   * Makes sure that names can be added for a while after {@link share}: a tenth of the room for paths must be free.
   * @returns whether the index had to be moved
   */
  makeRoom(): boolean {
    if (this.isShared || this.nodeCount < this.#capacity.nodes * 0.9) return false;
    this.#grow();
    return true;
  }

  /** Whether {@link share} has been called. */
  get isShared(): boolean {
    return this.#settled !== undefined;
  }

  // ---- names ------------------------------------------------------------------------------------------------------

  /** The number of nodes; all of them are below it. */
  get nodeCount(): number {
    return Atomics.load(this.#header, wordNodes);
  }

  /** The node of `name[start, end)` in `parent`, or -1. */
  find(parent: IndexNode, name: Uint8Array, start = 0, end = name.length): IndexNode | -1 {
    const hash = this.#hash;
    const mask = this.#slotMask;
    for (let slot = hashOf(parent, name, start, end) & mask; ; slot = (slot + 1) & mask) {
      const node = hash[slot]!;
      if (node === 0) return -1;
      if (this.#parent[node] === parent && this.#isNamed(node, name, start, end)) return node as IndexNode;
    }
  }

  /**
   * The node of `name[start, end)` in `parent`, made if there is none. Any thread may call it.
   * A name must have 1 to 255 bytes.
   * @throws FsError ENOMEM when the index is shared and full; ENAMETOOLONG.
   */
  ensure(parent: IndexNode, name: Uint8Array, start = 0, end = name.length): IndexNode {
    const node = this.#findOrAppend(parent, name, start, end, 0);
    if (node === -1) {
      if (end - start > maxNameBytes) throw new FsError(errno.ENAMETOOLONG, 'a name of more than 255 bytes');
      throw new FsError(errno.ENOMEM, `the path index is full (${this.#capacity.nodes} paths)`);
    }
    return node;
  }

  /** The node of an absolute path, without dot components, made if there is none. Errors as {@link ensure}. */
  ensurePath(path: Uint8Array): IndexNode {
    let node: IndexNode = rootNode;
    let end: number;
    for (let start = 0; start < path.length; start = end + 1) {
      end = path.indexOf(slash, start);
      if (end < 0) end = path.length;
      if (end > start) node = this.ensure(node, path, start, end);
    }
    return node;
  }

  /**
   * Like {@link ensure}, with -1 for what cannot be had: the name is too long or empty, or the index full, but for what is left for
   * names that have to be in it.
   */
  tryEnsure(parent: IndexNode, name: Uint8Array, start = 0, end = name.length): IndexNode | -1 {
    return this.#findOrAppend(parent, name, start, end, sparedShare);
  }

  #findOrAppend(
    parent: IndexNode,
    name: Uint8Array,
    start: number,
    end: number,
    spared: number,
  ): IndexNode | -1 {
    const found = this.find(parent, name, start, end);
    if (found >= 0) return found;
    const length = end - start;
    if (length > maxNameBytes || length <= 0) return -1;
    if (!this.#isFixed) return this.#append(parent, name, start, end);
    let node: IndexNode | -1;
    this.#lock();
    try {
      node = this.find(parent, name, start, end);
      if (node < 0 && this.#hasRoom(length, spared)) node = this.#append(parent, name, start, end);
    } finally {
      this.#unlock();
    }
    if (node < 0 || this.#isCrowded) this.#askForRoom();
    return node;
  }

  /** The directory that a node is in; the root's is the root. */
  parent(node: IndexNode): IndexNode {
    return this.#parent[node] as IndexNode;
  }

  /** The name, as a window on the shared memory: not to be written, cheap, and valid as long as the index. Root: empty. */
  name(node: IndexNode): Uint8Array {
    const at = this.#nameAt[node]!;
    return this.#names.subarray(at + 1, at + 1 + this.#names[at]!);
  }

  /** Bytes of the name. */
  nameLength(node: IndexNode): number {
    return this.#names[this.#nameAt[node]!]!;
  }

  /** The last byte of the name, which must not be empty. */
  lastByte(node: IndexNode): number {
    const at = this.#nameAt[node]!;
    return this.#names[at + this.#names[at]!]!;
  }

  /** Copies the name into `target` at `offset` without making garbage; the offset behind it. */
  writeName(node: IndexNode, target: Uint8Array, offset: number): number {
    const names = this.#names;
    let from = this.#nameAt[node]!;
    let at = offset;
    for (let left = names[from++]!; left > 0; left--) target[at++] = names[from++]!;
    return at;
  }

  /** The absolute path, in a buffer of its own. */
  pathOf(node: IndexNode): Buffer {
    if (node === rootNode) return Buffer.from('/');
    let length = 0;
    for (let n = node; n !== rootNode; n = this.parent(n)) length += 1 + this.nameLength(n);
    const path = Buffer.allocUnsafe(length);
    let at = length;
    for (let n = node; n !== rootNode; n = this.parent(n)) {
      at -= this.nameLength(n);
      this.writeName(n, path, at);
      path[--at] = slash;
    }
    return path;
  }

  /** The node of an absolute path, or -1. Links are not followed; empty and `.` components are skipped, `..` goes up. */
  resolve(path: Uint8Array): IndexNode | -1 {
    let node: IndexNode = rootNode;
    let end: number;
    for (let start = 0; start < path.length; start = end + 1) {
      end = path.indexOf(slash, start);
      if (end < 0) end = path.length;
      if (end === start || isDot(path, start, end)) continue;
      if (isDotDot(path, start, end)) {
        node = this.parent(node);
        continue;
      }
      const child = this.find(node, path, start, end);
      if (child === -1) return -1;
      node = child;
    }
    return node;
  }

  /** The first child in no particular order, or -1. */
  firstChild(node: IndexNode): IndexNode | -1 {
    return (this.#firstChild[node]! || -1) as IndexNode | -1;
  }

  /** The child of the same parent after this one, or -1. */
  nextSibling(node: IndexNode): IndexNode | -1 {
    return (this.#nextSibling[node]! || -1) as IndexNode | -1;
  }

  /** Sets bits of {@link state}; other threads may do the same to other bits. */
  setState(node: IndexNode, bits: number): void {
    if ((this.state[node]! & bits) !== bits) Atomics.or(this.state, node, bits);
  }

  /** Clears bits of {@link state}. */
  clearState(node: IndexNode, bits: number): void {
    if ((this.state[node]! & bits) !== 0) Atomics.and(this.state, node, ~bits);
  }

  // ---- what the kernel knows, and giving back -----------------------------------------------------------------------

  /** The first node that can be given back: all from here on were added since {@link share}. */
  get firstLoose(): IndexNode {
    return this.#firstLoose as IndexNode;
  }

  /** Before the kernel is given one more reference to a node. */
  hold(node: IndexNode): void {
    if (node >= this.#firstLoose) Atomics.add(this.#held, node, 1);
  }

  /** The kernel has given back references to a node. */
  release(node: IndexNode, count: number): void {
    if (node >= this.#firstLoose) Atomics.sub(this.#held, node, count);
  }

  /** Whether the kernel has references to a node from {@link firstLoose} on. */
  isHeld(node: IndexNode): boolean {
    return Atomics.load(this.#held, node) !== 0;
  }

  /** Whether a number stands for a path: it has not been given back. */
  isUsed(node: IndexNode): boolean {
    return node === rootNode || this.nameLength(node) > 0;
  }

  /**
   * Gives back nodes: others will have their numbers, and the room of their names. What somebody owns, the kernel holds, or has
   * something in it that stays, stays as well. Only in the thread that made the index, while no other thread uses it; whoever
   * remembers nodes forgets them.
   * @returns how many were given back
   */
  giveBack(nodes: Iterable<IndexNode>): number {
    this.#checkWriter();
    const gone = this.#removable(nodes);
    if (gone.size > 0) this.#rebuild(gone);
    this.#expectCrowd();
    return gone.size;
  }

  /** From now on {@link onCrowded} is called again when it has to be. */
  listenAgain(): void {
    Atomics.store(this.#header, wordAsked, 0);
  }

  #removable(nodes: Iterable<IndexNode>): Set<IndexNode> {
    const first = this.#firstLoose;
    const count = this.nodeCount;
    // Of what is in the index only what can be given back has children that can be.
    const children = new Uint32Array(Math.max(0, count - first));
    for (let node = first; node < count; node++) {
      const parent = this.#parent[node]!;
      if (parent >= first) children[parent - first]!++;
    }
    const asked = new Set<number>();
    for (const node of nodes)
      if (node >= first && this.isUsed(node) && this.#owner[node] === 0 && !this.isHeld(node))
        asked.add(node);
    const gone = new Set<IndexNode>();
    for (const node of asked) {
      let at = node;
      while (asked.has(at) && children[at - first] === 0 && !gone.has(at as IndexNode)) {
        gone.add(at as IndexNode);
        at = this.#parent[at]!;
        if (at >= first) children[at - first]!--;
      }
    }
    return gone;
  }

  /** Takes out all that was added since the index was shared, and puts in again what stays. */
  #rebuild(gone: ReadonlySet<IndexNode>): void {
    const header = this.#header;
    const first = this.#firstLoose;
    const settledNames = header[wordSettledNames]!;
    const names = new Uint8Array(header[wordNames]! - settledNames);
    let used = 0;
    this.#removeLoose(this.#hash, this.#firstChild);
    for (let node = first; node < this.nodeCount; node++) {
      if (!this.isUsed(node as IndexNode)) continue;
      if (gone.has(node as IndexNode)) {
        this.#parent[node] = this.#nameAt[node] = this.#firstChild[node] = rootNode;
        this.#kind[node] = indexKind.implied;
        this.state[node] = this.memo[node] = 0;
        this.#nextSibling[node] = header[wordFree]!;
        header[wordFree] = node;
        header[wordFreeNodes]!++;
        continue;
      }
      const at = this.#nameAt[node]!;
      const end = at + 1 + this.#names[at]!;
      const parent = this.#parent[node]!;
      this.#publish(node, hashOf(parent, this.#names, at + 1, end));
      this.#nextSibling[node] = this.#firstChild[parent]!;
      this.#firstChild[parent] = node;
      names.set(this.#names.subarray(at, end), used);
      this.#nameAt[node] = settledNames + used;
      used += end - at;
    }
    this.#names.set(names.subarray(0, used), settledNames);
    header[wordNames] = settledNames + used;
  }

  /**
   * Takes what was added since the index was shared out of a hash and out of lists of children. A settled name was placed before all
   * later ones, so taking those out leaves no hole in its probe sequence; and they all come before the settled ones in
   * the list of children.
   */
  #removeLoose(hash: Uint32Array, firstChild: Uint32Array): void {
    const first = this.#firstLoose;
    for (let slot = 0; slot < hash.length; slot++) if (hash[slot]! >= first) hash[slot] = 0;
    for (let node = 0; node < first; node++) {
      let child = firstChild[node]!;
      while (child >= first) child = this.#nextSibling[child]!;
      firstChild[node] = child;
    }
    firstChild.fill(0, first, this.nodeCount);
  }

  // ---- ownership --------------------------------------------------------------------------------------------------

  /** What CONTENTS says of the path. */
  kind(node: IndexNode): IndexKind {
    return this.#kind[node] as IndexKind;
  }

  /** Whether any package owns the path. */
  isOwned(node: IndexNode): boolean {
    return this.#owner[node] !== 0;
  }

  /** The ids of the packages that own the path, ascending. */
  owners(node: IndexNode): number[] {
    const owner = this.#owner[node]!;
    if (owner === 0) return [];
    if (owner < listBit) return [owner - 1];
    const ids: number[] = [];
    for (let at = owner - listBit; at !== 0; at = this.#owners[2 * at + 1]!) {
      ids.push(this.#owners[2 * at]!);
    }
    return ids.sort((a, b) => a - b);
  }

  /**
   * The ids of the packages that own the path or anything below it, ascending: to Portage a directory is each package's that
   * has something in it, whether it lists the directory or not (`dblink.getcontents`).
   */
  ownersWithin(node: IndexNode): number[] {
    const ids = new Set(this.owners(node));
    let at: IndexNode | -1 = this.firstChild(node);
    while (at >= 0) {
      let here = at as IndexNode;
      for (const id of this.owners(here)) ids.add(id);
      at = this.firstChild(here);
      // Depth first, without a stack: down, else aside, else up until there is something aside.
      for (; at < 0 && here !== node; here = this.parent(here)) at = this.nextSibling(here);
    }
    return [...ids].sort((a, b) => a - b);
  }

  /** Whether a package whose bit is set in `bits` (bit `id % 32` of word `id / 32`) owns the path. */
  ownerVisible(node: IndexNode, bits: Uint32Array): boolean {
    const owner = this.#owner[node]!;
    if (owner === 0) return false;
    if (owner < listBit) return ((bits[(owner - 1) >>> 5]! >>> ((owner - 1) & 31)) & 1) === 1;
    const owners = this.#owners;
    for (let at = owner - listBit; at !== 0; at = owners[2 * at + 1]!) {
      const id = owners[2 * at]!;
      if (((bits[id >>> 5]! >>> (id & 31)) & 1) === 1) return true;
    }
    return false;
  }

  /** The packages that are installed, by id. */
  get packages(): readonly IndexedPackage[] {
    const list: IndexedPackage[] = [];
    const limit = this.packageLimit;
    for (let id = 0; id < limit; id++) if (this.isLive(id)) list.push({ id, cpv: this.cpv(id) });
    return list;
  }

  /** All ids are below it. */
  get packageLimit(): number {
    return Atomics.load(this.#header, wordPackages);
  }

  /** All ids that a shared index can ever give are below it: the number of bits for {@link ownerVisible}. */
  get packageCapacity(): number {
    return this.#capacity.packages;
  }

  /** The id of an installed package, or -1. */
  packageId(cpv: string): number {
    this.#learnPackages();
    const id = this.#ids.get(cpv);
    return id !== undefined && this.isLive(id) ? id : -1;
  }

  /** The name of a package, also of one that is no longer installed. */
  cpv(id: number): string {
    this.#learnPackages();
    const cpv = this.#cpvs[id];
    if (cpv === undefined) throw new RangeError(`no package has the id ${id}`);
    return cpv;
  }

  /** Whether the package is (still) installed. */
  isLive(id: number): boolean {
    return (this.#records[id * recordWords + recordFlags]! & flagLive) !== 0;
  }

  /** The paths of a package, each once: a window on shared memory, valid until the package changes. */
  nodesOf(id: number): Uint32Array {
    const record = id * recordWords;
    const at = this.#records[record + recordNodesAt]!;
    return this.#packageNodes.subarray(at, at + this.#records[record + recordNodes]!);
  }

  // ---- changing packages: only in the thread that made the index ----------------------------------------------------

  /** The id of a package, which is from now on installed; without paths if it was not before. */
  addPackage(cpv: string): number {
    this.#checkWriter();
    this.#learnPackages();
    let id = this.#ids.get(cpv);
    if (id === undefined) {
      id = this.#newPackage(cpv);
      this.#ids.set(cpv, id);
      this.#cpvs[id] = cpv;
    }
    const flags = id * recordWords + recordFlags;
    Atomics.store(this.#records, flags, this.#records[flags]! | flagLive);
    return id;
  }

  /**
   * Says which paths a package owns, with a kind for each (the same path may be given twice); whatever it owned before
   * and is not among them it loses. Paths it has gained come to be owned before those it lost stop to be.
   * @param changed receives the nodes whose owners are now others
   */
  setPackageNodes(
    id: number,
    nodes: ArrayLike<number>,
    kinds: ArrayLike<number>,
    count: number,
    changed?: IndexNode[],
  ): void {
    this.#checkWriter();
    // All room is found first: from here on nothing moves and nothing fails half-way.
    while (this.#header[wordOwners]! + 2 * count > this.#capacity.owners) this.#growOrFail('owners');
    while (this.#header[wordPackageNodes]! + count > this.#capacity.packageNodes) {
      this.#growOrFail('paths of packages');
    }
    const before = this.nodesOf(id);
    const list = this.#header[wordPackageNodes]!;
    const table = this.#packageNodes;
    let end = list;
    if (before.length === 0) {
      for (let i = 0; i < count; i++) {
        const node = nodes[i] as IndexNode;
        if (!this.#addOwner(node, id, kinds[i]!)) continue;
        table[end++] = node;
        changed?.push(node);
      }
      this.#setNodeList(id, list, end);
      return;
    }
    const wasOwned = 1;
    const isOwned = 2;
    const marks = new Uint8Array(this.nodeCount);
    for (const node of before) marks[node] = wasOwned;
    let gained = 0;
    for (let i = 0; i < count; i++) {
      const node = nodes[i] as IndexNode;
      const mark = marks[node]!;
      if ((mark & isOwned) !== 0) continue;
      marks[node] = mark | isOwned;
      table[end++] = node;
      if (mark === wasOwned) continue;
      gained++;
      this.#addOwner(node, id, kinds[i]!);
      changed?.push(node);
    }
    if (gained === 0 && end - list === before.length) return;
    for (const node of before) {
      if (marks[node] !== wasOwned) continue;
      this.#removeOwner(node as IndexNode, id);
      changed?.push(node as IndexNode);
    }
    this.#setNodeList(id, list, end);
  }

  /** Forgets an installed package; its id stays its own in case it comes back. */
  removePackage(id: number, changed?: IndexNode[]): void {
    this.setPackageNodes(id, [], [], 0, changed);
    const record = id * recordWords;
    this.#records.fill(0, record + recordIdentity, record + recordWords);
    Atomics.store(this.#records, record + recordFlags, 0);
  }

  /** The words last given to {@link setIdentity}; all 0 for a package that was only added. A window. */
  identity(id: number): Uint32Array {
    return recordedIdentity(this.#records, id);
  }

  /** Remembers from which state of a package's CONTENTS its paths come, and whether that file was damaged. */
  setIdentity(id: number, identity: ArrayLike<number>, damaged: boolean): void {
    this.#checkWriter();
    this.identity(id).set(identity);
    const flags = id * recordWords + recordFlags;
    Atomics.store(this.#records, flags, flagLive | (damaged ? flagDamaged : 0));
  }

  /** Whether the package's CONTENTS was damaged when it was read. */
  isDamaged(id: number): boolean {
    return (this.#records[id * recordWords + recordFlags]! & flagDamaged) !== 0;
  }

  /** How many times a path lost its last owner: what the index carries along for nothing until it is built anew. */
  get abandoned(): number {
    return this.#header[wordAbandoned]!;
  }

  // ---- saving -----------------------------------------------------------------------------------------------------

  /** How much is in use. */
  get sizes(): IndexSizes {
    const header = this.#header;
    return {
      nodes: Atomics.load(header, wordNodes),
      names: Atomics.load(header, wordNames),
      owners: Atomics.load(header, wordOwners),
      slots: this.#capacity.slots,
      packages: Atomics.load(header, wordPackages),
      packageNodes: Atomics.load(header, wordPackageNodes),
      packageNames: Atomics.load(header, wordPackageNames),
    };
  }

  /** How much there is room for. */
  get capacity(): Readonly<IndexSizes> {
    return this.#capacity;
  }

  /**
   * What {@link fromSections} needs, as it was when the index was first shared: names added since are left out, so
   * threads may go on adding. Packages must not have been changed since.
   */
  sections(): { sizes: IndexSizes; abandoned: number; sections: IndexSections } {
    const sizes = this.#settled ?? this.sizes;
    let hash = this.#hash;
    let firstChild = this.#firstChild.subarray(0, sizes.nodes);
    if (this.#settled !== undefined) {
      hash = hash.slice();
      firstChild = firstChild.slice();
      this.#removeLoose(hash, firstChild);
    }
    const tables = [hash, this.#parent, this.#nameAt, firstChild, this.#nextSibling, this.#owner];
    const lengths = sectionLengths(sizes);
    const others = [this.#owners, this.#records, this.#packageNodes, this.#names, this.#kind];
    const parts = [...tables, ...others, this.#packageNames];
    return {
      sizes: { ...sizes },
      abandoned: this.abandoned,
      sections: parts.map(
        (part, i) => new Uint8Array(part.buffer as ArrayBuffer, part.byteOffset, lengths[i]),
      ),
    };
  }

  /**
   * An index made of saved sections.
   * @param read fills the given windows, one a section, in order; what it throws is thrown
   */
  static async fromSections(
    sizes: IndexSizes,
    abandoned: number,
    read: (sections: IndexSections) => void | Promise<void>,
  ): Promise<PathIndex> {
    const capacity = { ...withSlack(sizes), slots: sizes.slots, nodes: nodesFor(sizes.slots) };
    const layout = layoutOf(capacity);
    const buffer = new SharedArrayBuffer(layout.bytes);
    const lengths = sectionLengths(sizes);
    await read(lengths.map((bytes, i) => new Uint8Array(buffer, layout.offsets[i], bytes)));
    const index = new PathIndex(buffer, capacity);
    index.#writeCapacity();
    index.#writeSizes(sizes, abandoned);
    return index;
  }

  // ---- inside -----------------------------------------------------------------------------------------------------

  #map(buffer: SharedArrayBuffer, capacity: IndexSizes): void {
    const { offsets } = layoutOf(capacity);
    const words = (section: number, length: number) => new Uint32Array(buffer, offsets[section], length);
    this.#buffer = buffer;
    this.#capacity = capacity;
    this.#header = new Int32Array(buffer, 0, headerBytes / 4);
    this.#hash = words(0, capacity.slots);
    this.#slotMask = capacity.slots - 1;
    this.#parent = words(1, capacity.nodes);
    this.#nameAt = words(2, capacity.nodes);
    this.#firstChild = words(3, capacity.nodes);
    this.#nextSibling = words(4, capacity.nodes);
    this.#owner = words(5, capacity.nodes);
    this.#owners = words(6, capacity.owners * 2);
    this.#records = words(7, capacity.packages * recordWords);
    this.#packageNodes = words(8, capacity.packageNodes);
    this.#names = new Uint8Array(buffer, offsets[9], capacity.names);
    this.#kind = new Uint8Array(buffer, offsets[10], capacity.nodes);
    this.#packageNames = new Uint8Array(buffer, offsets[11], capacity.packageNames);
    this.state = new Uint8Array(buffer, offsets[12], capacity.nodes);
    this.memo = new Uint8Array(buffer, offsets[13], capacity.nodes);
    this.#held = new Int32Array(buffer, offsets[14], capacity.nodes);
  }

  #writeCapacity(): void {
    const { nodes, names, owners, slots, packages, packageNodes, packageNames } = this.#capacity;
    this.#header.set([nodes, names, owners, slots, packages, packageNodes, packageNames], wordCapacities);
  }

  #writeSizes(sizes: IndexSizes, abandoned: number): void {
    this.#header[wordNodes] = sizes.nodes;
    this.#header[wordNames] = sizes.names;
    this.#header[wordOwners] = sizes.owners;
    this.#header[wordPackages] = sizes.packages;
    this.#header[wordPackageNodes] = sizes.packageNodes;
    this.#header[wordPackageNames] = sizes.packageNames;
    this.#header[wordAbandoned] = abandoned;
  }

  #isNamed(node: number, name: Uint8Array, start: number, end: number): boolean {
    const names = this.#names;
    let at = this.#nameAt[node]!;
    if (names[at] !== end - start) return false;
    for (let i = start; i < end; i++) if (names[++at] !== name[i]) return false;
    return true;
  }

  /** Whether the memory does not move any more. */
  get #isFixed(): boolean {
    return this.#settled !== undefined || this.#attached;
  }

  /** Whether there is room for one more name without the given part of all room. */
  #hasRoom(length: number, spared: number): boolean {
    const { nodes, names } = this.#capacity;
    return (
      this.#usedNodes < nodes * (1 - spared) && this.#header[wordNames]! + 1 + length <= names * (1 - spared)
    );
  }

  get #usedNodes(): number {
    return this.nodeCount - this.#header[wordFreeNodes]!;
  }

  get #isCrowded(): boolean {
    const header = this.#header;
    return this.#usedNodes > header[wordCrowdedNodes]! || header[wordNames]! > header[wordCrowdedNames]!;
  }

  /** It is crowded when half of the room that there is now is taken. */
  #expectCrowd(): void {
    const { nodes, names } = this.#capacity;
    this.#header[wordCrowdedNodes] = (this.#usedNodes + nodes * (1 - sparedShare)) / 2;
    this.#header[wordCrowdedNames] = (this.#header[wordNames]! + names * (1 - sparedShare)) / 2;
  }

  #askForRoom(): void {
    const ask = this.onCrowded;
    if (ask !== undefined && Atomics.compareExchange(this.#header, wordAsked, 0, 1) === 0) ask();
  }

  /** A number for a new name. */
  #newNode(): number {
    const header = this.#header;
    const free = header[wordFree]!;
    if (free === 0) return header[wordNodes]!;
    header[wordFree] = this.#nextSibling[free]!;
    header[wordFreeNodes]!--;
    return free;
  }

  /** Adds a name that is not there. With the lock held and room for it, or before the index is shared. */
  #append(parent: IndexNode, name: Uint8Array, start: number, end: number): IndexNode {
    const length = end - start;
    if (!this.#isFixed) while (!this.#hasRoom(length, 0)) this.#grow();
    const header = this.#header;
    const node = this.#newNode();
    const at = header[wordNames]!;
    const names = this.#names;
    names[at] = length;
    for (let i = 0; i < length; i++) names[at + 1 + i] = name[start + i]!;
    this.#nameAt[node] = at;
    this.#parent[node] = parent;
    this.#nextSibling[node] = this.#firstChild[parent]!;
    header[wordNames] = at + 1 + length;
    if (node === header[wordNodes]) Atomics.store(header, wordNodes, node + 1);
    this.#publish(node, hashOf(parent, name, start, end));
    Atomics.store(this.#firstChild, parent, node);
    return node as IndexNode;
  }

  #publish(node: number, hash: number): void {
    let slot = hash & this.#slotMask;
    while (this.#hash[slot] !== 0) slot = (slot + 1) & this.#slotMask;
    Atomics.store(this.#hash, slot, node);
  }

  /** Moves everything to memory with room for twice as many paths. */
  #grow(): void {
    const { sizes, abandoned } = this;
    const old = this.#movable();
    const capacity = withSlack(this.#capacity);
    this.#map(new SharedArrayBuffer(layoutOf(capacity).bytes), capacity);
    this.#writeCapacity();
    this.#writeSizes(sizes, abandoned);
    this.#movable().forEach((table, i) => table.set(old[i]!));
    for (let node = 1; node < sizes.nodes; node++) {
      const at = this.#nameAt[node]! + 1;
      const end = at + this.#names[at - 1]!;
      this.#publish(node, hashOf(this.#parent[node]!, this.#names, at, end));
    }
  }

  /** All tables but the hash. */
  #movable(): (Uint8Array | Uint32Array)[] {
    const perNode = [
      this.#parent,
      this.#nameAt,
      this.#firstChild,
      this.#nextSibling,
      this.#owner,
      this.#kind,
    ];
    const others = [this.#owners, this.#records, this.#packageNodes, this.#names, this.#packageNames];
    return [...perNode, ...others, this.state, this.memo];
  }

  /** Whether the package did not own the path yet. */
  #addOwner(node: IndexNode, id: number, kind: number): boolean {
    const owner = this.#owner[node]!;
    if (owner === 0) {
      this.#kind[node] = kind;
      Atomics.store(this.#owner, node, id + 1);
      return true;
    }
    if (owner === id + 1) return false;
    let next = owner - listBit;
    if (owner < listBit) {
      next = this.#newOwner(owner - 1, 0);
    } else {
      for (let at = next; at !== 0; at = this.#owners[2 * at + 1]!) {
        if (this.#owners[2 * at] === id) return false;
        // A package that is being added for the first time can only be at the head.
        if (at === next && id === this.packageLimit - 1) break;
      }
    }
    Atomics.store(this.#owner, node, listBit + this.#newOwner(id, next));
    return true;
  }

  #newOwner(id: number, next: number): number {
    const at = this.#header[wordOwners]!;
    this.#owners[2 * at] = id;
    this.#owners[2 * at + 1] = next;
    this.#header[wordOwners] = at + 1;
    return at;
  }

  #removeOwner(node: IndexNode, id: number): void {
    const owner = this.#owner[node]!;
    let left = 0;
    if (owner >= listBit) {
      let previous = 0;
      for (let at = owner - listBit; at !== 0; at = this.#owners[2 * at + 1]!) {
        if (this.#owners[2 * at] !== id) {
          previous = at;
          continue;
        }
        const next = this.#owners[2 * at + 1]!;
        if (previous !== 0) Atomics.store(this.#owners, 2 * previous + 1, next);
        else Atomics.store(this.#owner, node, next === 0 ? 0 : listBit + next);
        break;
      }
      left = this.#owner[node]!;
    } else if (owner !== id + 1) {
      left = owner;
    } else {
      Atomics.store(this.#owner, node, 0);
    }
    if (left !== 0) return;
    this.#kind[node] = indexKind.implied;
    this.#header[wordAbandoned]!++;
  }

  #newPackage(cpv: string): number {
    const bytes = Buffer.from(cpv);
    if (this.#header[wordPackages]! >= this.#capacity.packages) this.#growOrFail('packages');
    while (this.#header[wordPackageNames]! + bytes.length > this.#capacity.packageNames)
      this.#growOrFail('names of packages');
    const at = this.#header[wordPackageNames]!;
    this.#packageNames.set(bytes, at);
    this.#header[wordPackageNames] = at + bytes.length;
    const id = this.#header[wordPackages]!;
    const record = id * recordWords;
    this.#records[record + recordCpvAt] = at;
    this.#records[record + recordCpvBytes] = bytes.length;
    Atomics.store(this.#header, wordPackages, id + 1);
    return id;
  }

  /** Makes `#packageNodes[start, end)` the paths of a package. */
  #setNodeList(id: number, start: number, end: number): void {
    const record = id * recordWords;
    this.#header[wordPackageNodes] = end;
    this.#records[record + recordNodesAt] = start;
    Atomics.store(this.#records, record + recordNodes, end - start);
  }

  #growOrFail(what: string): void {
    if (this.#settled !== undefined)
      throw new FsError(errno.ENOMEM, `the path index has no room for more ${what}`);
    this.#grow();
  }

  /** Reads the names of packages that were added since the last time, perhaps by another thread. */
  #learnPackages(): void {
    const limit = this.packageLimit;
    if (this.#cpvs.length === limit) return;
    const names = this.#packageNames.subarray(0, this.#header[wordPackageNames]);
    for (const cpv of recordedCpvs(this.#records, names, this.#cpvs.length, limit)) {
      this.#ids.set(cpv, this.#cpvs.length);
      this.#cpvs.push(cpv);
    }
  }

  #checkWriter(): void {
    if (this.#attached) throw new Error('packages can be changed only in the thread that made the index');
  }

  /** 0: free, 1: held, 2: held and waited for. */
  #lock(): void {
    const header = this.#header;
    let seen = Atomics.compareExchange(header, wordLock, 0, 1);
    while (seen !== 0) {
      if (seen === 2 || Atomics.compareExchange(header, wordLock, 1, 2) !== 0) {
        if (Atomics.wait(header, wordLock, 2, lockPatienceMs) === 'timed-out') {
          throw new FsError(errno.EIO, 'a thread that was adding to the path index has died');
        }
      }
      seen = Atomics.compareExchange(header, wordLock, 0, 2);
    }
  }

  #unlock(): void {
    if (Atomics.exchange(this.#header, wordLock, 0) === 2) Atomics.notify(this.#header, wordLock, 1);
  }
}

const emptySizes: IndexSizes = {
  nodes: 1,
  names: 1,
  owners: 1,
  slots: 0,
  packages: 0,
  packageNodes: 0,
  packageNames: 0,
};

/** The names of the packages with ids in [start, end), from the tables that hold their records and names. */
export function recordedCpvs(records: Uint32Array, names: Uint8Array, start: number, end: number): string[] {
  // One text for all, as long as they are ASCII, which all names of packages are.
  const text = Buffer.from(names.buffer as ArrayBuffer, names.byteOffset, names.length).toString('latin1');
  const cpvs: string[] = [];
  for (let id = start; id < end; id++) {
    const at = records[id * recordWords + recordCpvAt]!;
    const cpv = text.slice(at, at + records[id * recordWords + recordCpvBytes]!);
    cpvs.push(isAscii(cpv) ? cpv : Buffer.from(cpv, 'latin1').toString());
  }
  return cpvs;
}

/** Whether a package is installed, and whether its CONTENTS was damaged, from the table of records. */
export function recordedState(records: Uint32Array, id: number): { isLive: boolean; isDamaged: boolean } {
  const flags = records[id * recordWords + recordFlags]!;
  return { isLive: (flags & flagLive) !== 0, isDamaged: (flags & flagDamaged) !== 0 };
}

/** What {@link PathIndex.setIdentity} remembered, from the table of records: a window. */
export function recordedIdentity(records: Uint32Array, id: number): Uint32Array {
  return records.subarray(id * recordWords + recordIdentity, (id + 1) * recordWords);
}

function sizesFrom(words: Int32Array, at: number): IndexSizes {
  const [nodes = 0, names = 0, owners = 0, slots = 0, packages = 0, packageNodes = 0, packageNames = 0] =
    words.subarray(at, at + 7);
  return { nodes, names, owners, slots, packages, packageNodes, packageNames };
}

/** Whether an index can have these sizes. */
export function isSound(sizes: IndexSizes): boolean {
  const { nodes, names, owners, slots, packages, packageNodes, packageNames } = sizes;
  return (
    [nodes, names, owners, slots, packages, packageNodes, packageNames].every(
      (n) => Number.isInteger(n) && n >= 0 && n < listBit,
    ) &&
    nodes >= 1 &&
    nodes <= nodesFor(slots) &&
    Number.isInteger(Math.log2(slots))
  );
}

/** Bytes of each saved section, in the order of {@link indexSection}. */
export function sectionLengths(sizes: IndexSizes): number[] {
  const { nodes, names, owners, slots, packages, packageNodes, packageNames } = sizes;
  const perNode = [nodes * 4, nodes * 4, nodes * 4, nodes * 4, nodes * 4];
  const others = [owners * 8, packages * recordWords * 4, packageNodes * 4, names, nodes, packageNames];
  return [slots * 4, ...perNode, ...others];
}

/** Where each table lies in memory of the given room: the saved ones, then `state`, `memo`, and what the kernel holds. */
function layoutOf(capacity: IndexSizes): { offsets: number[]; bytes: number } {
  let bytes = headerBytes;
  const { nodes } = capacity;
  const offsets = [...sectionLengths(capacity), nodes, nodes, nodes * 4].map((length) => {
    const offset = bytes;
    bytes += Math.ceil(length / 64) * 64;
    return offset;
  });
  return { offsets, bytes };
}

const slash = 0x2f;
const dot = 0x2e;

function isDot(path: Uint8Array, start: number, end: number): boolean {
  return end - start === 1 && path[start] === dot;
}

function isDotDot(path: Uint8Array, start: number, end: number): boolean {
  return end - start === 2 && path[start] === dot && path[start + 1] === dot;
}

/** FNV-1a over the name, begun with the parent, then mixed so that the low bits depend on all. */
export function hashOf(parent: number, name: Uint8Array, start: number, end: number): number {
  let hash = Math.imul(parent ^ 0x811c9dc5, 0x9e3779b1);
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ name[i]!, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
