/**
 * Where the links in Portage's configuration lead. Users keep that in a repository of their own, in their home say, with links
 * to it in /etc/portage; what lvfs reads through these, emerge inside has to be able to read.
 */
import { hostKind, type Host } from './host.js';
import type { HostPaths } from './hostPaths.js';
import { rootNode, type IndexNode, type PathIndex } from './pathIndex.js';
import type { Resolver } from './resolver.js';
import type { SystemPath } from './systemPaths.js';

/** Entries that are looked at in all; no configuration is that large. */
const entryLimit = 20_000;

/** What {@link LinkedPlaces} needs. */
export interface LinkedHost {
  readonly index: PathIndex;
  readonly host: Host;
  readonly paths: HostPaths;
  /** Follows links through private trees as well. */
  readonly resolver: Resolver;
  /** The path of a node inside the view, one character a byte. */
  readonly pathOf: (node: IndexNode) => string;
  /** Whether the host may not be asked about a path. */
  readonly isUntouchable: (node: IndexNode) => boolean;
}

/** What links in system paths lead to. */
export class LinkedPlaces {
  /** The links on the way and the ends, each with an entry that names the first link. */
  readonly places = new Map<IndexNode, SystemPath>();
  /** Directories in which a link that comes or goes would change {@link places}. */
  readonly directories = new Set<IndexNode>();
  readonly #of: LinkedHost;
  #left = entryLimit;

  constructor(of: LinkedHost) {
    this.#of = of;
  }

  /** Adds what an entry at a node leads to. */
  add(node: IndexNode, entry: SystemPath): void {
    const { host, paths, index } = this.#of;
    if (this.#of.isUntouchable(node) || --this.#left < 0) return;
    this.directories.add(index.parent(node));
    const kind = host.kind(paths.of(node));
    if (kind === hostKind.link) this.#follow(node, entry);
    else if (kind === hostKind.directory && entry.follow === 'within') this.#search(node, entry);
  }

  #follow(link: IndexNode, entry: SystemPath): void {
    const { index, resolver, pathOf } = this.#of;
    const met: IndexNode[] = [];
    const end = resolver.final(link, (node) => met.push(node));
    if (end === undefined) return;
    if (!met.includes(end.node)) met.push(end.node);
    const path = Buffer.from(pathOf(link), 'latin1').toString();
    for (const node of met) {
      this.directories.add(index.parent(node));
      // A directory of the system's own is shown as it is anyway; not all that lies about in it.
      const isSystems = node === end.node && end.kind === hostKind.directory && index.isOwned(node);
      if (node === rootNode || isSystems || this.places.has(node)) continue;
      this.places.set(node, { path, kind: 'tree', reason: `${path} leads here.` });
      if (node === end.node && end.kind === hostKind.directory && entry.follow === 'within')
        this.#search(node, entry);
    }
  }

  #search(directory: IndexNode, entry: SystemPath): void {
    if (this.directories.has(directory)) return;
    this.directories.add(directory);
    const { host, paths, index } = this.#of;
    const listing = host.list(paths.of(directory));
    if (listing === undefined) return;
    const { names, bounds, kinds } = listing;
    for (let i = 0; i < kinds.length; i++) {
      if (kinds[i] !== hostKind.link && kinds[i] !== hostKind.directory) continue;
      const node = index.tryEnsure(directory, names, bounds[i], bounds[i + 1]);
      if (node !== -1) this.add(node, entry);
    }
  }
}
