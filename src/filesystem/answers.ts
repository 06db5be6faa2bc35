/** What the kernel is told of names: attributes, numbers, and for how long it may believe them. */
import type { Errno } from '../base/index.js';
import type { Attributes, Entry, Seconds } from '../fuse/index.js';
import type { FileIdentity } from '../system/index.js';
import {
  hostKind,
  kindOfType,
  nodeState,
  rule,
  type HostKind,
  type IndexNode,
  type NoNode,
  type Rule,
  type View,
} from '../view/index.js';
import { isCache } from './contents.js';
import { withoutList } from './extendedAttributes.js';
import type { NodeHost } from './host.js';
import { LinkCounter, LinkedFiles } from './identity.js';
import { listingFreshMs, type Listings } from './listings.js';
import { nodeIdOf } from './nodeIds.js';
import type { ViewFsOptions } from './options.js';
import type { WatchedDirectories } from './watched.js';

/** Nothing changes what packages own without the package database changing, and that is watched. */
const ownedValid: Seconds = 86_400;
/** Configuration, and links that eselect and its like make, change without a merge. */
const configurationValid: Seconds = 1;
/** The same where changes are told; not longer, as one may be missed (see watched.ts). */
const watchedValid: Seconds = 300;
/** What packages own, where directories are watched but this one cannot be. */
const unwatchedValid: Seconds = 60;

/** Fills in answers, for one thread. */
export class Answers {
  readonly #view: View;
  readonly #host: NodeHost;
  readonly #listings: Listings;
  readonly #linked: LinkedFiles;
  readonly #links: LinkCounter;
  readonly #watched: WatchedDirectories | undefined;
  readonly #checksLists: () => boolean;
  readonly #trace: boolean;
  readonly #startedAt = Math.floor(Date.now() / 1000);

  /** @param linked see {@link LinkedFiles.memory} */
  constructor(
    view: View,
    host: NodeHost,
    listings: Listings,
    linked: SharedArrayBuffer,
    options: ViewFsOptions,
  ) {
    this.#view = view;
    this.#host = host;
    this.#listings = listings;
    this.#linked = new LinkedFiles(linked);
    this.#links = new LinkCounter(view, host);
    this.#watched = options.watched;
    this.#checksLists = options.checksLists ?? ((): boolean => true);
    this.#trace = options.trace ?? false;
  }

  /** Nodes have been given back: those that are not settled may stand for other files. */
  forget(): void {
    this.#links.forget();
  }

  /** Completes the answer about a visible file whose host attributes are in `out`, and whose identity is in {@link #identity}. */
  found(node: IndexNode, kind: HostKind, file: number, decided: Rule, out: Entry): void {
    const view = this.#view;
    const attr = out.attr;
    let state: number = nodeState.positive;
    attr.ino = node + 1;
    if (kind !== hostKind.directory) view.index.clearState(node, nodeState.directory);
    if (kind === hostKind.directory) {
      state |= nodeState.directory;
      // A host that does not count subdirectories says 1; one without any says 2.
      if (attr.nlink > 2) attr.nlink = this.#directoryLinks(node);
    } else if (attr.nlink > 1) {
      attr.nlink = this.#links.count(node, kind, attr.nlink, this.#host.identity);
      attr.ino = this.#linkedInode(node, this.#host.identity, attr.nlink);
      state |= nodeState.linked;
    }
    if (!this.#checksLists() && kind !== hostKind.link)
      withoutList(this.#host.files, view.paths.of(node), attr);
    if (kind === hostKind.file && isCache(this.#view, node)) this.#sizeOfMade(node, attr);
    view.index.setState(node, state);
    const valid = this.#validity(node, kind, decided);
    out.nodeId = nodeIdOf(node, file);
    out.entryValid = valid;
    out.attrValid = valid;
  }

  #sizeOfMade(node: IndexNode, attr: Attributes): void {
    const made = this.#view.madeContent(node);
    if (made === undefined) return;
    attr.size = made.length;
    attr.blocks = Math.ceil(made.length / 512);
  }

  #directoryLinks(node: IndexNode): number {
    const listing = this.#listings.of(node, this.#view.epoch, listingFreshMs);
    return typeof listing === 'number' ? 2 : 2 + listing.directories.length;
  }

  /** A directory that the host does not have, where something is going to be mounted. */
  synthetic(node: IndexNode, out: Entry): Errno {
    const attr: Attributes = out.attr;
    attr.ino = node + 1;
    attr.size = 0;
    attr.blocks = 0;
    attr.mode = 0o40755;
    attr.nlink = this.#directoryLinks(node);
    attr.uid = 0;
    attr.gid = 0;
    attr.rdev = 0;
    attr.blksize = 4096;
    attr.atimeSec = attr.mtimeSec = attr.ctimeSec = this.#startedAt;
    attr.atimeNsec = attr.mtimeNsec = attr.ctimeNsec = 0;
    this.#view.index.setState(node, nodeState.positive | nodeState.directory);
    out.nodeId = node + 1;
    out.entryValid = out.attrValid = this.#trace ? 0 : ownedValid;
    return 0;
  }

  /** What was found out for lack of something is not to be believed longer than it takes to say it. */
  doubt(out: Entry): void {
    if (!this.#view.isSure) out.entryValid = out.attrValid = 0;
  }

  /** The answer for a name that does not exist inside: missing on the host, or hidden. */
  missing(directory: IndexNode, node: IndexNode | NoNode, watched: boolean | undefined, out: Entry): Errno {
    if (node !== -1) this.#view.index.setState(node, nodeState.negative);
    out.nodeId = 0;
    out.attrValid = 0;
    if (this.#trace) out.entryValid = 0;
    else if (this.#view.isConfiguration(directory))
      out.entryValid = watched ? watchedValid : configurationValid;
    else out.entryValid = watched === false ? unwatchedValid : ownedValid;
    return 0;
  }

  /** How long the kernel may believe what it is told of a visible path. */
  #validity(node: IndexNode, kind: HostKind, decided: Rule): Seconds {
    if (this.#trace) return 0;
    const view = this.#view;
    const byContent = decided === rule.owned || decided === rule.ancestor;
    const watched = this.#watched;
    // A cache is written anew by others than the package that has it.
    const isCompiled = kind === hostKind.file && isCache(view, node);
    if (byContent && !isCompiled && !view.isConfiguration(node)) {
      return watched === undefined || watched.isWatched(view.index.parent(node))
        ? ownedValid
        : unwatchedValid;
    }
    if (watched === undefined) return configurationValid;
    let all = watched.isWatched(view.index.parent(node));
    // A directory's own times and links change with what is in it.
    if (all && kind === hostKind.directory) all = watched.isWatched(node);
    if (all && decided === rule.symlink) {
      for (const directory of view.linkDirectories(node)) all &&= watched.isWatched(directory);
    }
    return all ? watchedValid : configurationValid;
  }

  /** The inode number in a listing; that of a file with several names only once it is known to have them. */
  inodeOf(node: IndexNode): number {
    if ((this.#view.index.state[node]! & nodeState.linked) === 0) return node + 1;
    if (!this.#host.hasOtherNames(this.#view.paths.of(node))) return node + 1;
    const { nlink, type } = this.#host.status;
    this.#host.status.identify(this.#host.identity);
    const visible = this.#links.count(node, kindOfType(type), nlink, this.#host.identity);
    return this.#linkedInode(node, this.#host.identity, visible);
  }

  /** One number for all names of a file, but only if several are visible: a shared one would tell of a hidden name. */
  #linkedInode(node: IndexNode, file: FileIdentity, visibleNames: number): number {
    const shared = visibleNames > 1 ? this.#linked.number(file) : -1;
    return shared < 0 ? node + 1 : shared;
  }
}
