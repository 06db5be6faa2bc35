/**
 * Inode numbers and link counts of files with several names: what the host tells of them says something about hidden
 * names, so both are the view's own.
 */
import type { BigIntStats } from 'node:fs';
import { LRUCache } from 'lru-cache';
import { hostKind, indexKind, type IndexNode, type View } from '../view/index.js';
import { kindOfMode, type NodeHost } from './host.js';

/** Where the numbers of hard-linked files begin: above all node ids. */
const linkedBase = 2 ** 48;
const inodeMask = (1n << 48n) - 1n;
/** So many fit below 2^53. */
const maxDevices = 30;
const entryWords = 2;

/**
 * Small numbers for the host's devices, the same in all threads. A device whose inode numbers need more than 48 bits
 * gets several.
 */
export class DeviceTable {
  readonly #lock: Int32Array;
  readonly #entries: BigInt64Array;

  constructor(readonly buffer: SharedArrayBuffer = new SharedArrayBuffer(8 + maxDevices * entryWords * 8)) {
    this.#lock = new Int32Array(buffer, 0, 2);
    this.#entries = new BigInt64Array(buffer, 8);
  }

  /** A number at or above 2^48 that all names of a host file share and nothing else has; -1 when the table is full. */
  inode(device: bigint, inode: bigint): number {
    const high = BigInt.asIntN(64, inode >> 48n);
    const place = this.#find(BigInt.asIntN(64, device), high);
    return place < 0 ? -1 : linkedBase * (place + 1) + Number(inode & inodeMask);
  }

  #find(device: bigint, high: bigint): number {
    const count = Atomics.load(this.#lock, 1);
    for (let i = 0; i < count; i++) {
      if (this.#entries[i * 2] === device && this.#entries[i * 2 + 1] === high) return i;
    }
    if (count >= maxDevices) return -1;
    // Held for a few instructions only, and hardly ever wanted.
    while (Atomics.compareExchange(this.#lock, 0, 0, 1) !== 0) continue;
    try {
      const now = Atomics.load(this.#lock, 1);
      if (now === count) {
        this.#entries[now * 2] = device;
        this.#entries[now * 2 + 1] = high;
        Atomics.store(this.#lock, 1, now + 1);
        return now;
      }
    } finally {
      Atomics.store(this.#lock, 0, 0);
    }
    return this.#find(device, high);
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
  readonly #tables = new LRUCache<string, LinkTable>({ max: 128 });

  constructor(view: View, host: NodeHost) {
    this.#view = view;
    this.#host = host;
  }

  /** At least 1 and at most what the host says. */
  count(node: IndexNode, stats: BigIntStats): number {
    const links = Number(stats.nlink);
    const key = fileKey(stats);
    const names = new Set<IndexNode>([node]);
    for (const [place, nodes] of this.#places(node)) {
      if (names.size >= links) break;
      for (const name of this.#table(place, nodes).names.get(key) ?? []) names.add(name);
    }
    let visible = 0;
    for (const name of names) if (this.#view.isVisible(name, kindOfMode(Number(stats.mode)))) visible++;
    return Math.max(1, Math.min(links, visible));
  }

  /** Where other names of a file may be, the likeliest and smallest first: every path there has to be looked at. */
  *#places(node: IndexNode): Generator<readonly [string, () => Iterable<IndexNode>]> {
    const { index } = this.#view;
    const directory = index.parent(node);
    const owners = index.owners(node);
    const pathsOf = (id: number) => {
      const nodes = [...index.nodesOf(id)] as IndexNode[];
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
      if (this.#view.isUntouchable(node)) continue;
      const path = this.#view.paths.of(node);
      const stats = this.#host.hasOtherNames(path) ? this.#host.rawStat(path) : undefined;
      if (stats === undefined) continue;
      const file = fileKey(stats);
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
      if (node >= 0) nodes.push(node as IndexNode);
    });
    return nodes;
  }
}

function fileKey(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}`;
}
