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
import type { PackageId } from '../base/index.js';
import { settledOnly } from './pathIndex/looseNames.js';
import { OwnedTree } from './pathIndex/owners.js';
import { PackageRecords, type IndexedPackage } from './pathIndex/packageRecords.js';
import {
  IndexTables,
  word,
  type IndexNode,
  type IndexSections,
  type IndexSizes,
  type NodeArray,
} from './pathIndex/tables.js';

export { hashOf } from './pathIndex/nameHash.js';
export { maxNameBytes } from './pathIndex/nameTree.js';
export { indexKind } from './pathIndex/owners.js';
export {
  identityWords,
  recordedCpvs,
  recordedIdentity,
  recordedState,
  type IndexedPackage,
} from './pathIndex/packageRecords.js';
export {
  indexSection,
  isSound,
  listBit,
  nodeAt,
  nodeBehind,
  nodesIn,
  rootNode,
  sectionLengths,
  type IndexNode,
  type IndexSections,
  type IndexSizes,
  type NodeArray,
  type NoNode,
} from './pathIndex/tables.js';

/** What another thread needs to {@link PathIndex.attach}; can be cloned and transferred between threads. */
export interface SharedIndex {
  readonly buffer: SharedArrayBuffer;
}

/** The tree of names, with the packages that own them. */
export class PathIndex extends OwnedTree {
  readonly #packages: PackageRecords;

  private constructor(tables: IndexTables) {
    super(tables);
    this.#packages = new PackageRecords(tables);
  }

  /**
   * An empty index: only the root.
   * @param expected spares growing when the final size can be guessed
   * @param capacity the room to begin with, by default enough for what is expected and a long session
   */
  static create(expected: Partial<IndexSizes> = {}, capacity?: IndexSizes): PathIndex {
    return new PathIndex(IndexTables.create(expected, capacity));
  }

  /** The index of another thread, to read and to add names to. Packages can only be changed where it was made. */
  static attach(shared: SharedIndex): PathIndex {
    return new PathIndex(IndexTables.attach(shared.buffer));
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
    return new PathIndex(await IndexTables.fromSections(sizes, abandoned, read));
  }

  /**
   * What other threads {@link attach} to. From the first call on the memory does not move and what has been in the
   * index is *settled*: {@link sections} gives that and no more.
   */
  share(): SharedIndex {
    if (!this.isShared) this.settle();
    return { buffer: this.tables.buffer };
  }

  /** Whether {@link share} has been called. */
  get isShared(): boolean {
    return this.tables.settled !== undefined;
  }

  /**
   * Makes sure that names can be added for a while after {@link share}: a tenth of the room for paths must be free.
   * @returns whether the index had to be moved
   */
  makeRoom(): boolean {
    if (this.isShared || this.nodeCount < this.tables.capacity.nodes * 0.9) return false;
    this.tables.grow();
    return true;
  }

  /** How much is in use. */
  get sizes(): IndexSizes {
    return this.tables.used;
  }

  /** How much there is room for. */
  get capacity(): Readonly<IndexSizes> {
    return this.tables.capacity;
  }

  /** How many times a path lost its last owner: what the index carries along for nothing until it is built anew. */
  get abandoned(): number {
    return this.tables.header[word.abandoned]!;
  }

  /**
   * What {@link fromSections} needs, as it was when the index was first shared: names added since are left out, so
   * threads may go on adding. Packages must not have been changed since.
   */
  sections(): { sizes: IndexSizes; abandoned: number; sections: IndexSections } {
    const sizes = { ...(this.tables.settled ?? this.sizes) };
    const sections = this.tables.sections(
      sizes,
      this.isShared ? settledOnly(this.tables, this.firstLoose) : {},
    );
    return { sizes, abandoned: this.abandoned, sections };
  }

  // ---- packages ---------------------------------------------------------------------------------------------------

  /** The packages that are installed, by id. */
  get packages(): readonly IndexedPackage[] {
    return this.#packages.installed;
  }

  /** All ids are below it. */
  get packageLimit(): number {
    return this.#packages.limit;
  }

  /** All ids that a shared index can ever give are below it: the number of bits for {@link ownerVisible}. */
  get packageCapacity(): number {
    return this.#packages.capacity;
  }

  /** The id of an installed package, or -1. */
  packageId(cpv: PackageId): number {
    return this.#packages.idOf(cpv);
  }

  /** The name of a package, also of one that is no longer installed. */
  cpv(id: number): PackageId {
    return this.#packages.cpv(id);
  }

  /** Whether the package is (still) installed. */
  isLive(id: number): boolean {
    return this.#packages.isLive(id);
  }

  /** The paths of a package, each once: a window on shared memory, valid until the package changes. */
  nodesOf(id: number): NodeArray {
    return this.#packages.nodesOf(id);
  }

  /** See {@link PackageRecords.add}. */
  addPackage(cpv: PackageId): number {
    return this.#packages.add(cpv);
  }

  /** See {@link PackageRecords.setNodes}. */
  setPackageNodes(
    id: number,
    nodes: ArrayLike<number>,
    kinds: ArrayLike<number>,
    count: number,
    changed?: IndexNode[],
  ): void {
    this.#packages.setNodes(id, nodes, kinds, count, changed);
  }

  /** See {@link PackageRecords.remove}. */
  removePackage(id: number, changed?: IndexNode[]): void {
    this.#packages.remove(id, changed);
  }

  /** See {@link PackageRecords.identity}. */
  identity(id: number): Uint32Array {
    return this.#packages.identity(id);
  }

  /** See {@link PackageRecords.setIdentity}. */
  setIdentity(id: number, identity: ArrayLike<number>, damaged: boolean): void {
    this.#packages.setIdentity(id, identity, damaged);
  }

  /** See {@link PackageRecords.isDamaged}. */
  isDamaged(id: number): boolean {
    return this.#packages.isDamaged(id);
  }
}
