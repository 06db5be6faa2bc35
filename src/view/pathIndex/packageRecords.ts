/**
 * The packages of an index: a record each, which keeps its number for good, with its paths and the state of CONTENTS that they come from. Any
 * thread may read; they are changed in the thread that made the index.
 */
import { isAscii, knownPackageId, type PackageId } from '../../base/index.js';
import { addOwner, makeRoomForOwners, removeOwner } from './owners.js';
import { nodeAt, recordWords, word, type IndexNode, type IndexTables, type NodeArray } from './tables.js';

/** A package that the index knows. Its id is below {@link PackageRecords.capacity} and stays its own. */
export interface IndexedPackage {
  readonly id: number;
  readonly cpv: PackageId;
}

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

/** The packages and what each owns. */
export class PackageRecords {
  readonly #tables: IndexTables;
  #cpvs: PackageId[] = [];
  #ids = new Map<PackageId, number>();

  constructor(tables: IndexTables) {
    this.#tables = tables;
  }

  /** The packages that are installed, by id. */
  get installed(): readonly IndexedPackage[] {
    const list: IndexedPackage[] = [];
    const limit = this.limit;
    for (let id = 0; id < limit; id++) if (this.isLive(id)) list.push({ id, cpv: this.cpv(id) });
    return list;
  }

  /** All ids are below it. */
  get limit(): number {
    return Atomics.load(this.#tables.header, word.packages);
  }

  /** All ids that a shared index can ever give are below it: the number of bits for {@link ownerVisible}. */
  get capacity(): number {
    return this.#tables.capacity.packages;
  }

  /** The id of an installed package, or -1. */
  idOf(cpv: PackageId): number {
    this.#learnPackages();
    const id = this.#ids.get(cpv);
    return id !== undefined && this.isLive(id) ? id : -1;
  }

  /** The name of a package, also of one that is no longer installed. */
  cpv(id: number): PackageId {
    this.#learnPackages();
    const cpv = this.#cpvs[id];
    if (cpv === undefined) throw new RangeError(`no package has the id ${id}`);
    return cpv;
  }

  /** Whether the package is (still) installed. */
  isLive(id: number): boolean {
    return (this.#tables.at.records[id * recordWords + recordFlags]! & flagLive) !== 0;
  }

  /** The paths of a package, each once: a window on shared memory, valid until the package changes. */
  nodesOf(id: number): NodeArray {
    const record = id * recordWords;
    const at = this.#tables.at.records[record + recordNodesAt]!;
    return this.#tables.at.packageNodes.subarray(at, at + this.#tables.at.records[record + recordNodes]!);
  }

  /** The id of a package, which is from now on installed; without paths if it was not before. */
  add(cpv: PackageId): number {
    this.#tables.checkWriter();
    this.#learnPackages();
    let id = this.#ids.get(cpv);
    if (id === undefined) {
      id = this.#new(cpv);
      this.#ids.set(cpv, id);
      this.#cpvs[id] = cpv;
    }
    const flags = id * recordWords + recordFlags;
    Atomics.store(this.#tables.at.records, flags, this.#tables.at.records[flags]! | flagLive);
    return id;
  }

  /**
   * Says which paths a package owns, with a kind for each (the same path may be given twice); whatever it owned before
   * and is not among them it loses. Paths it has gained come to be owned before those it lost stop to be.
   * @param changed receives the nodes whose owners are now others
   */
  setNodes(
    id: number,
    nodes: ArrayLike<number>,
    kinds: ArrayLike<number>,
    count: number,
    changed?: IndexNode[],
  ): void {
    this.#tables.checkWriter();
    // All room is found first: from here on nothing moves and nothing fails half-way.
    makeRoomForOwners(this.#tables, count);
    while (this.#tables.header[word.packageNodes]! + count > this.#tables.capacity.packageNodes) {
      this.#tables.growFor('paths of packages');
    }
    const before = this.nodesOf(id);
    const list = this.#tables.header[word.packageNodes]!;
    const table = this.#tables.at.packageNodes;
    let end = list;
    if (before.length === 0) {
      for (let i = 0; i < count; i++) {
        const node = nodeAt(nodes[i]!);
        if (!addOwner(this.#tables, node, id, kinds[i]!)) continue;
        table[end++] = node;
        changed?.push(node);
      }
      this.#setNodeList(id, list, end);
      return;
    }
    const wasOwned = 1;
    const isOwned = 2;
    const marks = new Uint8Array(this.#tables.header[word.nodes]!);
    for (const node of before) marks[node] = wasOwned;
    let gained = 0;
    for (let i = 0; i < count; i++) {
      const node = nodeAt(nodes[i]!);
      const mark = marks[node]!;
      if ((mark & isOwned) !== 0) continue;
      marks[node] = mark | isOwned;
      table[end++] = node;
      if (mark === wasOwned) continue;
      gained++;
      addOwner(this.#tables, node, id, kinds[i]!);
      changed?.push(node);
    }
    if (gained === 0 && end - list === before.length) return;
    for (const node of before) {
      if (marks[node] !== wasOwned) continue;
      removeOwner(this.#tables, node, id);
      changed?.push(node);
    }
    this.#setNodeList(id, list, end);
  }

  /** Forgets an installed package; its id stays its own in case it comes back. */
  remove(id: number, changed?: IndexNode[]): void {
    this.setNodes(id, [], [], 0, changed);
    const record = id * recordWords;
    this.#tables.at.records.fill(0, record + recordIdentity, record + recordWords);
    Atomics.store(this.#tables.at.records, record + recordFlags, 0);
  }

  /** The words last given to {@link setIdentity}; all 0 for a package that was only added. A window. */
  identity(id: number): Uint32Array {
    return recordedIdentity(this.#tables.at.records, id);
  }

  /** Remembers from which state of a package's CONTENTS its paths come, and whether that file was damaged. */
  setIdentity(id: number, identity: ArrayLike<number>, damaged: boolean): void {
    this.#tables.checkWriter();
    this.identity(id).set(identity);
    const flags = id * recordWords + recordFlags;
    Atomics.store(this.#tables.at.records, flags, flagLive | (damaged ? flagDamaged : 0));
  }

  /** Whether the package's CONTENTS was damaged when it was read. */
  isDamaged(id: number): boolean {
    return (this.#tables.at.records[id * recordWords + recordFlags]! & flagDamaged) !== 0;
  }

  #new(cpv: PackageId): number {
    const bytes = Buffer.from(cpv);
    if (this.#tables.header[word.packages]! >= this.#tables.capacity.packages)
      this.#tables.growFor('packages');
    while (this.#tables.header[word.packageNames]! + bytes.length > this.#tables.capacity.packageNames)
      this.#tables.growFor('names of packages');
    const at = this.#tables.header[word.packageNames]!;
    this.#tables.at.packageNames.set(bytes, at);
    this.#tables.header[word.packageNames] = at + bytes.length;
    const id = this.#tables.header[word.packages]!;
    const record = id * recordWords;
    this.#tables.at.records[record + recordCpvAt] = at;
    this.#tables.at.records[record + recordCpvBytes] = bytes.length;
    Atomics.store(this.#tables.header, word.packages, id + 1);
    return id;
  }

  /** Makes `#packageNodes[start, end)` the paths of a package. */
  #setNodeList(id: number, start: number, end: number): void {
    const record = id * recordWords;
    this.#tables.header[word.packageNodes] = end;
    this.#tables.at.records[record + recordNodesAt] = start;
    Atomics.store(this.#tables.at.records, record + recordNodes, end - start);
  }

  /** Reads the names of packages that were added since the last time, perhaps by another thread. */
  #learnPackages(): void {
    const limit = this.limit;
    if (this.#cpvs.length === limit) return;
    const names = this.#tables.at.packageNames.subarray(0, this.#tables.header[word.packageNames]);
    for (const cpv of recordedCpvs(this.#tables.at.records, names, this.#cpvs.length, limit)) {
      this.#ids.set(cpv, this.#cpvs.length);
      this.#cpvs.push(cpv);
    }
  }
}

/** The names of the packages with ids in [start, end), from the tables that hold their records and names. */
export function recordedCpvs(
  records: Uint32Array,
  names: Uint8Array,
  start: number,
  end: number,
): PackageId[] {
  // One text for all, as long as they are ASCII, which all names of packages are.
  const text = Buffer.from(names.buffer, names.byteOffset, names.length).toString('latin1');
  const cpvs: PackageId[] = [];
  for (let id = start; id < end; id++) {
    const at = records[id * recordWords + recordCpvAt]!;
    const cpv = text.slice(at, at + records[id * recordWords + recordCpvBytes]!);
    cpvs.push(knownPackageId(isAscii(cpv) ? cpv : Buffer.from(cpv, 'latin1').toString()));
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
