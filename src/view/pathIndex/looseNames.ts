/**
 * Giving back what was added since the index was shared, while all threads but the one that does it stand still; `first` is the first node
 * that was added.
 */
import { hashOf, publish } from './nameHash.js';
import {
  nodeAt,
  nodeBehind,
  rootNode,
  word,
  type IndexNode,
  type IndexTables,
  type Tables,
} from './tables.js';

/** Whether a number stands for a path: it has not been given back. */
export function isUsed({ nameAt, names }: Tables, node: number): boolean {
  return node === 0 || names[nameAt[node]!]! > 0;
}

/** Those of some nodes that can be given back: nobody owns them, the kernel has forgotten them, and nothing in them stays. */
export function removable(
  { at, header }: IndexTables,
  first: number,
  nodes: Iterable<IndexNode>,
): Set<IndexNode> {
  const count = header[word.nodes]!;
  // Of what is in the index only what can be given back has children that can be.
  const children = new Uint32Array(Math.max(0, count - first));
  for (let node = first; node < count; node++) {
    const parent = at.parent[node]!;
    if (parent >= first) children[parent - first]!++;
  }
  const asked = new Set<IndexNode>();
  for (const node of nodes)
    if (node >= first && isUsed(at, node) && at.owner[node] === 0 && Atomics.load(at.held, node) === 0)
      asked.add(node);
  const gone = new Set<IndexNode>();
  for (const node of asked) {
    let up = node;
    while (asked.has(up) && children[up - first] === 0 && !gone.has(up)) {
      gone.add(up);
      up = at.parent[up]!;
      if (up >= first) children[up - first]!--;
    }
  }
  return gone;
}

/** Takes out all that was added since the index was shared, and puts in again what stays. */
export function removeNames({ at, header }: IndexTables, first: number, gone: ReadonlySet<IndexNode>): void {
  const { hash, parent, nameAt, firstChild, nextSibling, names } = at;
  const count = header[word.nodes]!;
  const settledNames = header[word.settledNames]!;
  const kept = new Uint8Array(header[word.names]! - settledNames);
  let used = 0;
  removeLoose(at, count, first, { hash, firstChild });
  for (let node = nodeAt(first); node < count; node = nodeBehind(node)) {
    if (!isUsed(at, node)) continue;
    if (gone.has(node)) {
      parent[node] = firstChild[node] = rootNode;
      nameAt[node] = 0;
      at.kind[node] = at.state[node] = at.memo[node] = 0;
      nextSibling[node] = nodeAt(header[word.free]!);
      header[word.free] = node;
      header[word.freeNodes]!++;
      continue;
    }
    const start = nameAt[node]!;
    const end = start + 1 + names[start]!;
    const directory = parent[node]!;
    publish(hash, node, hashOf(directory, names, start + 1, end));
    nextSibling[node] = firstChild[directory]!;
    firstChild[directory] = node;
    kept.set(names.subarray(start, end), used);
    nameAt[node] = settledNames + used;
    used += end - start;
  }
  names.set(kept.subarray(0, used), settledNames);
  header[word.names] = settledNames + used;
}

/** The tables of names without what was added since the index was shared; threads may go on adding. */
export function settledOnly({ at }: IndexTables, first: number): Pick<Tables, 'hash' | 'firstChild'> {
  const settled = { hash: at.hash.slice(), firstChild: at.firstChild.slice(0, first) };
  removeLoose(at, first, first, settled);
  return settled;
}

/**
 * Takes what was added since the index was shared out of a hash and out of lists of children. A settled name was placed before all
 * later ones, so taking those out leaves no hole in its probe sequence; and they all come before the settled ones in
 * the list of children.
 */
function removeLoose(
  { nextSibling }: Tables,
  count: number,
  first: number,
  { hash, firstChild }: Pick<Tables, 'hash' | 'firstChild'>,
): void {
  for (let place = 0; place < hash.length; place++) if (hash[place]! >= first) hash[place] = rootNode;
  for (let node = 0; node < first; node++) {
    let child = firstChild[node]!;
    while (child >= first) child = nextSibling[child]!;
    firstChild[node] = child;
  }
  firstChild.fill(0, first, count);
}
