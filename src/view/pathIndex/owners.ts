/**
 * Who owns which path: for most one package, for directories often many, in a list. One thread only changes it, the one that made the index, while
 * others read: a list is prepended to, or an element is unlinked that keeps its own link, so a reader that stands on it goes on to
 * the rest. Elements are not used again.
 */
import { NameTree } from './nameTree.js';
import { listBit, word, type IndexNode, type NoNode, type IndexTables } from './tables.js';

/** What CONTENTS says of a path (one of its owners, when they differ); `implied`: it is only a parent, or not owned. */
export const indexKind = { implied: 0, obj: 1, sym: 2, dir: 3, fif: 4, dev: 5 } as const;

/** One of the numbers in {@link indexKind}. */
export type IndexKind = (typeof indexKind)[keyof typeof indexKind];

/** Names with the packages that own them. */
export class OwnedTree extends NameTree {
  /** What CONTENTS says of the path. */
  kind(node: IndexNode): IndexKind {
    return this.at.kind[node] as IndexKind;
  }

  /** Whether any package owns the path. */
  isOwned(node: IndexNode): boolean {
    return this.at.owner[node] !== 0;
  }

  /** The ids of the packages that own the path, ascending. */
  owners(node: IndexNode): number[] {
    const owner = this.at.owner[node]!;
    if (owner === 0) return [];
    if (owner < listBit) return [owner - 1];
    const ids: number[] = [];
    for (let at = owner - listBit; at !== 0; at = this.at.owners[2 * at + 1]!) {
      ids.push(this.at.owners[2 * at]!);
    }
    return ids.sort((a, b) => a - b);
  }

  /** Whether a package whose bit is set in `bits` (bit `id % 32` of word `id / 32`) owns the path. */
  ownerVisible(node: IndexNode, bits: Uint32Array): boolean {
    const owner = this.at.owner[node]!;
    if (owner === 0) return false;
    if (owner < listBit) return ((bits[(owner - 1) >>> 5]! >>> ((owner - 1) & 31)) & 1) === 1;
    const owners = this.at.owners;
    for (let at = owner - listBit; at !== 0; at = owners[2 * at + 1]!) {
      const id = owners[2 * at]!;
      if (((bits[id >>> 5]! >>> (id & 31)) & 1) === 1) return true;
    }
    return false;
  }

  /**
   * The ids of the packages that own the path or anything below it, ascending: to Portage a directory is each package's that
   * has something in it, whether it lists the directory or not (`dblink.getcontents`).
   */
  ownersWithin(node: IndexNode): number[] {
    const ids = new Set(this.owners(node));
    let at: IndexNode | NoNode = this.firstChild(node);
    while (at !== -1) {
      let here = at;
      for (const id of this.owners(here)) ids.add(id);
      at = this.firstChild(here);
      // Depth first, without a stack: down, else aside, else up until there is something aside.
      for (; at === -1 && here !== node; here = this.parent(here)) at = this.nextSibling(here);
    }
    return [...ids].sort((a, b) => a - b);
  }
}

/** Finds room for so many paths of one package, each of which may take two elements. */
export function makeRoomForOwners(tables: IndexTables, count: number): void {
  while (tables.header[word.owners]! + 2 * count > tables.capacity.owners) tables.growFor('owners');
}

/** Makes a package an owner of a path. @returns whether it was none yet */
export function addOwner(tables: IndexTables, node: IndexNode, id: number, kind: number): boolean {
  const owner = tables.at.owner[node]!;
  if (owner === 0) {
    tables.at.kind[node] = kind;
    Atomics.store(tables.at.owner, node, id + 1);
    return true;
  }
  if (owner === id + 1) return false;
  let next = owner - listBit;
  if (owner < listBit) {
    next = newOwner(tables, owner - 1, 0);
  } else {
    for (let at = next; at !== 0; at = tables.at.owners[2 * at + 1]!) {
      if (tables.at.owners[2 * at] === id) return false;
      // A package that is being added for the first time can only be at the head.
      if (at === next && id === Atomics.load(tables.header, word.packages) - 1) break;
    }
  }
  Atomics.store(tables.at.owner, node, listBit + newOwner(tables, id, next));
  return true;
}

function newOwner(tables: IndexTables, id: number, next: number): number {
  const at = tables.header[word.owners]!;
  tables.at.owners[2 * at] = id;
  tables.at.owners[2 * at + 1] = next;
  tables.header[word.owners] = at + 1;
  return at;
}

/** A path loses an owner. */
export function removeOwner(tables: IndexTables, node: IndexNode, id: number): void {
  const owner = tables.at.owner[node]!;
  let left = 0;
  if (owner >= listBit) {
    let previous = 0;
    for (let at = owner - listBit; at !== 0; at = tables.at.owners[2 * at + 1]!) {
      if (tables.at.owners[2 * at] !== id) {
        previous = at;
        continue;
      }
      const next = tables.at.owners[2 * at + 1]!;
      if (previous !== 0) Atomics.store(tables.at.owners, 2 * previous + 1, next);
      else Atomics.store(tables.at.owner, node, next === 0 ? 0 : listBit + next);
      break;
    }
    left = tables.at.owner[node]!;
  } else if (owner !== id + 1) {
    left = owner;
  } else {
    Atomics.store(tables.at.owner, node, 0);
  }
  if (left !== 0) return;
  tables.at.kind[node] = indexKind.implied;
  tables.header[word.abandoned]!++;
}
