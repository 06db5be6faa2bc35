/**
 * Inode numbers and link counts of files with several names: what the host tells of them says something about hidden
 * names, so both are the view's own.
 */
import { giveLock, takeLock } from '../base/index.js';
import { LRUCache } from 'lru-cache';
import { identityWords, inodeWords, type FileIdentity } from '../system/index.js';
import { hostKind, indexKind, type HostKind, type IndexNode, type View } from '../view/index.js';
import type { NodeHost } from './host.js';

/** Above all nodes of the index, and below 2^32: there are programs that take no larger ones. */
export const firstLinkedNumber = 2 ** 31;
/** So many bits name the files that may have such a number. */
export const linkedNumberBits = 20;
/** Untouched memory costs nothing. */
const capacity = 2 ** linkedNumberBits;
const longestProbe = 64;

/**
 * Inode numbers for files with several visible names, the same in all threads: the place of a file in a table that only
 * grows.
 */
export class LinkedFiles {
  readonly #lock: Int32Array;
  readonly #files: Uint32Array;

  constructor(readonly memory: SharedArrayBuffer = new SharedArrayBuffer(8 + capacity * inodeWords * 4)) {
    this.#lock = new Int32Array(memory, 0, 2);
    this.#files = new Uint32Array(memory, 8);
  }

  /** A number that all names of a file share and nothing else has; −1 when there is no room. */
  number(file: FileIdentity): number {
    const found = this.#find(file);
    if (found >= 0) return firstLinkedNumber + found;
    takeLock(this.#lock, 0, 'numbering a file');
    try {
      // Another thread may have been quicker.
      const place = this.#find(file);
      return place >= 0 ? firstLinkedNumber + place : this.#add(file);
    } finally {
      giveLock(this.#lock, 0);
    }
  }

  #find(file: FileIdentity): number {
    const files = this.#files;
    let place = this.#firstPlace(file);
    for (let left = longestProbe; left > 0; left--) {
      const at = place * inodeWords;
      if (!this.#isTaken(at)) return -1;
      if (
        files[at + 2] === file[2] &&
        files[at + 3] === file[3] &&
        files[at + 1] === file[1] &&
        files[at] === file[0]
      ) {
        return place;
      }
      place = (place + 1) % this.#places;
    }
    return -1;
  }

  #add(file: FileIdentity): number {
    let place = this.#firstPlace(file);
    for (let left = longestProbe; left > 0; left--) {
      const at = place * inodeWords;
      if (!this.#isTaken(at)) {
        // The inode number last: it makes the place a taken one.
        for (let i = 0; i < inodeWords; i++) this.#files[at + i] = file[i]!;
        return firstLinkedNumber + place;
      }
      place = (place + 1) % this.#places;
    }
    return -1;
  }

  /** No file has the inode number 0. */
  #isTaken(at: number): boolean {
    return this.#files[at + 2] !== 0 || this.#files[at + 3] !== 0;
  }

  get #places(): number {
    return this.#files.length / inodeWords;
  }

  /** Neighbours on the host are neighbours here, so that little memory is touched. */
  #firstPlace(file: FileIdentity): number {
    const device = Math.imul(file[0]! ^ Math.imul(file[1]!, 0x85ebca6b), 0x9e3779b1);
    return ((file[2]! + device) >>> 0) % this.#places;
  }
}

/** Names by file, of the files that have several. */
interface LinkTable {
  readonly names: ReadonlyMap<string, readonly IndexNode[]>;
  readonly madeAt: number;
}

const tableValidMs = 60_000;
/** A directory with more entries is not searched for other names of a file. */
const directoryLimit = 20_000;

/** Counts the visible names of files with several names, among those of their packages and those in their directory. */
export class LinkCounter {
  readonly #view: View;
  readonly #host: NodeHost;
  readonly #identity: FileIdentity = new Uint32Array(identityWords);
  readonly #tables = new LRUCache<string, LinkTable>({ max: 128 });

  constructor(view: View, host: NodeHost) {
    this.#view = view;
    this.#host = host;
  }

  /** Nodes may stand for other paths. */
  forget(): void {
    this.#tables.clear();
  }

  /**
   * At least 1 and at most what the host says.
   * @param links how many names the host counts
   */
  count(node: IndexNode, kind: HostKind, links: number, file: FileIdentity): number {
    const key = fileKey(file);
    const names = new Set<IndexNode>([node]);
    for (const [place, nodes] of this.#places(node)) {
      if (names.size >= links) break;
      for (const name of this.#table(place, nodes).names.get(key) ?? []) names.add(name);
    }
    let visible = 0;
    for (const name of names) if (this.#view.isVisible(name, kind)) visible++;
    return Math.max(1, Math.min(links, visible));
  }

  /** Where other names of a file may be, the likeliest and smallest first: every path there has to be looked at. */
  *#places(node: IndexNode): Generator<readonly [string, () => Iterable<IndexNode>]> {
    const { index } = this.#view;
    const directory = index.parent(node);
    const owners = index.owners(node);
    const pathsOf = (id: number) => {
      const nodes = [...index.nodesOf(id)];
      return nodes.filter((path) => index.kind(path) !== indexKind.dir);
    };
    for (const id of owners) {
      const here = () => pathsOf(id).filter((path) => index.parent(path) === directory);
      yield [`package ${id} in ${directory}`, here];
    }
    for (const id of owners) yield [`package ${id}`, () => pathsOf(id)];
    yield [`directory ${directory}`, () => this.#namesIn(directory)];
  }

  #table(key: string, nodes: () => Iterable<IndexNode>): LinkTable {
    const now = performance.now();
    const known = this.#tables.get(key);
    if (known !== undefined && now - known.madeAt < tableValidMs) return known;
    const names = new Map<string, IndexNode[]>();
    for (const node of nodes()) {
      if (!this.#view.mayBeAsked(node)) continue;
      if (!this.#host.hasOtherNames(this.#view.paths.of(node))) continue;
      this.#host.status.identify(this.#identity);
      const file = fileKey(this.#identity);
      const list = names.get(file);
      if (list === undefined) names.set(file, [node]);
      else list.push(node);
    }
    const table = { names, madeAt: now };
    this.#tables.set(key, table);
    return table;
  }

  #namesIn(directory: IndexNode): IndexNode[] {
    const { index, paths } = this.#view;
    const listing = this.#host.list(paths.of(directory));
    if (listing === undefined || listing.kinds.length > directoryLimit) return [];
    const { names, bounds, kinds } = listing;
    const nodes: IndexNode[] = [];
    kinds.forEach((kind, i) => {
      if (kind === hostKind.directory) return;
      const node = index.tryEnsure(directory, names, bounds[i], bounds[i + 1]);
      if (node !== -1) nodes.push(node);
    });
    return nodes;
  }
}

function fileKey(file: FileIdentity): string {
  return file.subarray(0, inodeWords).join(' ');
}
