/** What is visible in directories. */
import { LRUCache } from 'lru-cache';
import { errno, type Errno } from '../base/index.js';
import {
  hostKind,
  kindOfType,
  nodeAt,
  nodesIn,
  nodeState,
  type HostListing,
  type IndexNode,
  type NodeArray,
  type View,
} from '../view/index.js';
import { isCache } from './contents.js';
import type { NodeHost } from './host.js';
import type { WatchedDirectories } from './watched.js';

/** Entries of all remembered listings. */
const listingCapacity = 400_000;
/** What a listing weighs besides its entries: the objects around a few numbers are larger than these. */
const listingWeight = 256;
/** How long a listing serves requests that begin to list (or count links). */
export const listingFreshMs = 1000;

/** What is visible in a directory. Links are counted far more often than names are listed, so each is found out when asked for. */
export interface Listing {
  readonly epoch: number;
  /** {@link WatchedDirectories.changes} before it was made. */
  readonly changes: number;
  readonly madeAt: number;
  /** The visible subdirectories. */
  readonly directories: readonly IndexNode[];
  /** Everything that is visible, or what the host has, where that has not been found out. */
  content: Entries | HostListing;
}

/** What a directory shows. */
export interface Entries {
  /** Ascending. */
  readonly nodes: NodeArray;
  readonly kinds: Uint8Array;
}

const nothing: HostListing = { names: new Uint8Array(), bounds: new Uint32Array(1), kinds: new Uint8Array() };
/** The listings of a view, remembered in one thread. */
export class Listings {
  readonly #view: View;
  readonly #host: NodeHost;
  readonly #watched: WatchedDirectories | undefined;
  readonly #known = new LRUCache<IndexNode, Listing>({
    maxSize: listingCapacity,
    sizeCalculation: ({ content }) => content.kinds.length + listingWeight,
  });

  constructor(view: View, host: NodeHost, watched: WatchedDirectories | undefined) {
    this.#view = view;
    this.#host = host;
    this.#watched = watched;
  }

  /** A directory's listing is not what it was. */
  delete(directory: IndexNode): void {
    this.#known.delete(directory);
  }

  /**
   * What is visible in a directory, or an errno.
   * @param maxAgeMs how old what is remembered may be
   */
  of(directory: IndexNode, epoch: number, maxAgeMs: number): Listing | Errno {
    const known = this.#known.get(directory);
    const now = performance.now();
    const changes = this.#watched?.changes ?? 0;
    if (known?.epoch === epoch && known.changes === changes && now - known.madeAt <= maxAgeMs) return known;
    const made = this.#makeListing(directory, epoch, changes, now);
    if (typeof made !== 'number') this.#known.set(directory, made);
    return made;
  }

  #makeListing(directory: IndexNode, epoch: number, changes: number, now: number): Listing | Errno {
    const view = this.#view;
    const host = this.#host.list(view.paths.of(directory));
    if (host === undefined) {
      if (!view.isSure) return this.#host.shortage ?? errno.EIO;
      if (!view.isAlwaysThere(directory))
        return this.#host.kind(view.paths.of(directory)) === hostKind.directory ? errno.EACCES : errno.ENOENT;
    }
    const content = host ?? nothing;
    return { epoch, changes, madeAt: now, directories: view.subdirectories(directory, content), content };
  }

  /** All that a listing has, found out when it is first asked for. */
  entries(directory: IndexNode, listing: Listing): Entries {
    const { directories, content: host } = listing;
    if ('nodes' in host) return host;
    const view = this.#view;
    const { index } = view;
    // Node and kind in one number, so that they can be sorted together.
    const packed = new Float64Array(host.kinds.length + directories.length);
    let count = 0;
    for (const node of directories) packed[count++] = node * 16 + hostKind.directory;
    let conditional = false;
    const { names, bounds } = host;
    for (let i = 0; i < host.kinds.length; i++) {
      const kind = kindOfType(host.kinds[i]!);
      if (kind === hostKind.directory || kind === hostKind.missing) continue;
      const node = index.tryEnsure(directory, names, bounds[i], bounds[i + 1]);
      if (node === -1 || view.isUntouchable(node)) continue;
      if (view.decide(node, kind) > 0) packed[count++] = node * 16 + kind;
      conditional ||= isCache(view, node) || (!index.isOwned(node) && view.hangsOnPackages(node));
    }
    if (conditional) index.setState(directory, nodeState.conditional);
    const sorted = packed.subarray(0, count).sort();
    const nodes = nodesIn(new ArrayBuffer(count * Uint32Array.BYTES_PER_ELEMENT));
    const kinds = new Uint8Array(count);
    for (let i = 0; i < count; i++) {
      const value = sorted[i]!;
      kinds[i] = value % 16;
      nodes[i] = nodeAt(Math.floor(value / 16));
    }
    return (listing.content = { nodes, kinds });
  }
}
