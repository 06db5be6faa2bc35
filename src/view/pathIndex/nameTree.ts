/**
 * The tree of names: finding, adding, and giving back. Any thread may add a name; all fields of a node are written before the node is
 * published in the hash and in its parent's list of children, which is only ever prepended to.
 */
import { errno, FsError } from '../../base/index.js';
import { isUsed, removable, removeNames } from './looseNames.js';
import { hashOf, publish, publishAll } from './nameHash.js';
import {
  nodeAt,
  rootNode,
  word,
  type IndexNode,
  type NoNode,
  type IndexTables,
  type Tables,
} from './tables.js';

/** The longest name a host filesystem can have; longer ones are not in the index. */
export const maxNameBytes = 255;

/** The part of a shared index's room that is left for what has to be in it: paths of packages, and places of the rules. */
const sparedShare = 1 / 32;

/** Paths by name. */
export class NameTree {
  /**
   * One byte a node for the session that serves the index (never saved, all 0 at first): what the kernel may hold of
   * it. The meaning of the bits is the user's. Not to be kept in a variable before the index is shared.
   */
  state!: Uint8Array;
  /** One byte a node, like {@link state}, for answers worth remembering. */
  memo!: Uint8Array;
  /** Hears, in the thread that it is set in, that somebody should {@link giveBack} what he can; once, until that was done. */
  onCrowded: (() => void) | undefined;
  protected readonly tables: IndexTables;
  /** The tables, wherever they lie. */
  protected at!: Tables;
  /** The first node that was added since the index was shared. */
  #firstLoose = Infinity;

  protected constructor(tables: IndexTables) {
    this.tables = tables;
    tables.follow((at) => {
      const moved = this.at !== undefined;
      this.at = at;
      this.state = at.state;
      this.memo = at.memo;
      if (moved) publishAll(at, this.nodeCount);
    });
    if (tables.isAttached) this.#firstLoose = tables.header[word.settledNodes]!;
  }

  /** What is there becomes settled: it stays as it is, and only what comes from now on can be given back. */
  protected settle(): void {
    this.tables.settle();
    this.#firstLoose = this.nodeCount;
    this.#expectCrowd();
  }

  /** The number of nodes; all of them are below it. */
  get nodeCount(): number {
    return Atomics.load(this.tables.header, word.nodes);
  }

  /** The node of `name[start, end)` in `parent`, or -1. */
  find(parent: IndexNode, name: Uint8Array, start = 0, end = name.length): IndexNode | NoNode {
    const { hash, parent: parents } = this.at;
    const mask = hash.length - 1;
    for (let slot = hashOf(parent, name, start, end) & mask; ; slot = (slot + 1) & mask) {
      const node = hash[slot]!;
      if (node === 0) return -1;
      if (parents[node] === parent && this.#isNamed(node, name, start, end)) return node;
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
      throw new FsError(errno.ENOMEM, `the path index is full (${this.tables.capacity.nodes} paths)`);
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
  tryEnsure(parent: IndexNode, name: Uint8Array, start = 0, end = name.length): IndexNode | NoNode {
    return this.#findOrAppend(parent, name, start, end, sparedShare);
  }

  #findOrAppend(
    parent: IndexNode,
    name: Uint8Array,
    start: number,
    end: number,
    spared: number,
  ): IndexNode | NoNode {
    const found = this.find(parent, name, start, end);
    if (found !== -1) return found;
    const length = end - start;
    if (length > maxNameBytes || length <= 0) return -1;
    if (!this.tables.isFixed) return this.#append(parent, name, start, end);
    let node: IndexNode | NoNode;
    this.tables.lock();
    try {
      node = this.find(parent, name, start, end);
      if (node === -1 && this.#hasRoom(length, spared)) node = this.#append(parent, name, start, end);
    } finally {
      this.tables.unlock();
    }
    if (node === -1 || this.#isCrowded) this.#askForRoom();
    return node;
  }

  /** The directory that a node is in; the root's is the root. */
  parent(node: IndexNode): IndexNode {
    return this.at.parent[node]!;
  }

  /** The name, as a window on the shared memory: not to be written, cheap, and valid as long as the index. Root: empty. */
  name(node: IndexNode): Uint8Array {
    const { nameAt, names } = this.at;
    const at = nameAt[node]!;
    return names.subarray(at + 1, at + 1 + names[at]!);
  }

  /** Whether a node has this name. */
  isNamed(node: IndexNode, name: Uint8Array): boolean {
    return this.#isNamed(node, name, 0, name.length);
  }

  /** Bytes of the name. */
  nameLength(node: IndexNode): number {
    const { nameAt, names } = this.at;
    return names[nameAt[node]!]!;
  }

  /** The last byte of the name, which must not be empty. */
  lastByte(node: IndexNode): number {
    const { nameAt, names } = this.at;
    const at = nameAt[node]!;
    return names[at + names[at]!]!;
  }

  /** Copies the name into `target` at `offset` without making garbage; the offset behind it. */
  writeName(node: IndexNode, target: Uint8Array, offset: number): number {
    const { nameAt, names } = this.at;
    let from = nameAt[node]!;
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
  resolve(path: Uint8Array): IndexNode | NoNode {
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
  firstChild(node: IndexNode): IndexNode | NoNode {
    return this.at.firstChild[node]! || -1;
  }

  /** The child of the same parent after this one, or -1. */
  nextSibling(node: IndexNode): IndexNode | NoNode {
    return this.at.nextSibling[node]! || -1;
  }

  /** Sets bits of {@link state}; other threads may do the same to other bits. */
  setState(node: IndexNode, bits: number): void {
    const { state } = this.at;
    if ((state[node]! & bits) !== bits) Atomics.or(state, node, bits);
  }

  /** Clears bits of {@link state}. */
  clearState(node: IndexNode, bits: number): void {
    const { state } = this.at;
    if ((state[node]! & bits) !== 0) Atomics.and(state, node, ~bits);
  }

  /** The first node that can be given back: all from here on were added since the index was shared. */
  get firstLoose(): IndexNode {
    return nodeAt(this.#firstLoose);
  }

  /** Before the kernel is given one more reference to a node. */
  hold(node: IndexNode): void {
    if (node >= this.#firstLoose) Atomics.add(this.at.held, node, 1);
  }

  /** The kernel has given back references to a node. */
  release(node: IndexNode, count: number): void {
    if (node >= this.#firstLoose) Atomics.sub(this.at.held, node, count);
  }

  /** Whether the kernel has references to a node from {@link firstLoose} on. */
  isHeld(node: IndexNode): boolean {
    return Atomics.load(this.at.held, node) !== 0;
  }

  /** Whether a number stands for a path: it has not been given back. */
  isUsed(node: IndexNode): boolean {
    return isUsed(this.at, node);
  }

  /**
   * Gives back nodes: others will have their numbers, and the room of their names. What somebody owns, the kernel holds, or has
   * something in it that stays, stays as well. Only in the thread that made the index, while no other thread uses it; whoever
   * remembers nodes forgets them.
   * @returns how many were given back
   */
  giveBack(nodes: Iterable<IndexNode>): number {
    this.tables.checkWriter();
    const gone = removable(this.tables, this.#firstLoose, nodes);
    if (gone.size > 0) removeNames(this.tables, this.#firstLoose, gone);
    this.#expectCrowd();
    return gone.size;
  }

  /** From now on {@link onCrowded} is called again when it has to be. */
  listenAgain(): void {
    Atomics.store(this.tables.header, word.asked, 0);
  }

  #isNamed(node: number, name: Uint8Array, start: number, end: number): boolean {
    const { nameAt, names } = this.at;
    let at = nameAt[node]!;
    if (names[at] !== end - start) return false;
    for (let i = start; i < end; i++) if (names[++at] !== name[i]) return false;
    return true;
  }

  /** Whether there is room for one more name without the given part of all room. */
  #hasRoom(length: number, spared: number): boolean {
    const { nodes, names } = this.tables.capacity;
    return (
      this.#usedNodes < nodes * (1 - spared) &&
      this.tables.header[word.names]! + 1 + length <= names * (1 - spared)
    );
  }

  get #usedNodes(): number {
    return this.nodeCount - this.tables.header[word.freeNodes]!;
  }

  get #isCrowded(): boolean {
    const header = this.tables.header;
    return this.#usedNodes > header[word.crowdedNodes]! || header[word.names]! > header[word.crowdedNames]!;
  }

  /** It is crowded when half of the room that there is now is taken. */
  #expectCrowd(): void {
    const { nodes, names } = this.tables.capacity;
    this.tables.header[word.crowdedNodes] = (this.#usedNodes + nodes * (1 - sparedShare)) / 2;
    this.tables.header[word.crowdedNames] = (this.tables.header[word.names]! + names * (1 - sparedShare)) / 2;
  }

  #askForRoom(): void {
    const ask = this.onCrowded;
    if (ask !== undefined && Atomics.compareExchange(this.tables.header, word.asked, 0, 1) === 0) ask();
  }

  /** A number for a new name. */
  #newNode(): IndexNode {
    const header = this.tables.header;
    const free = nodeAt(header[word.free]!);
    if (free === rootNode) return nodeAt(header[word.nodes]!);
    header[word.free] = this.at.nextSibling[free]!;
    header[word.freeNodes]!--;
    return free;
  }

  /** Adds a name that is not there. With the lock held and room for it, or before the index is shared. */
  #append(parent: IndexNode, name: Uint8Array, start: number, end: number): IndexNode {
    const length = end - start;
    if (!this.tables.isFixed) while (!this.#hasRoom(length, 0)) this.tables.grow();
    const header = this.tables.header;
    const node = this.#newNode();
    const at = header[word.names]!;
    const names = this.at.names;
    names[at] = length;
    for (let i = 0; i < length; i++) names[at + 1 + i] = name[start + i]!;
    this.at.nameAt[node] = at;
    this.at.parent[node] = parent;
    this.at.nextSibling[node] = this.at.firstChild[parent]!;
    header[word.names] = at + 1 + length;
    if (node === header[word.nodes]) Atomics.store(header, word.nodes, node + 1);
    publish(this.at.hash, node, hashOf(parent, name, start, end));
    Atomics.store(this.at.firstChild, parent, node);
    return node;
  }
}

const slash = 0x2f;
const dot = 0x2e;

function isDot(path: Uint8Array, start: number, end: number): boolean {
  return end - start === 1 && path[start] === dot;
}

function isDotDot(path: Uint8Array, start: number, end: number): boolean {
  return end - start === 2 && path[start] === dot && path[start + 1] === dot;
}
