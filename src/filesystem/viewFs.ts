/**
 * The view as a filesystem: what a driver asks for, answered from the rules and the host's files. One for each serving
 * thread; all threads give the same answers.
 *
 * A node id is the index's node plus one, so there is no table of nodes. Nothing here touches the own mount point: a
 * thread that did would wait for itself.
 */
import { statfsSync, type BigIntStats } from 'node:fs';
import { LRUCache } from 'lru-cache';
import { errno, errnoOf, type Errno } from '../base/index.js';
import { pathKind, type AccessEvent, type Operation, type ProcessRecord } from '../audit/index.js';
import type {
  Attributes,
  Caller,
  DirectorySink,
  Entry,
  FilesystemStatistics,
  NodeId,
  Operations,
  Seconds,
} from '../fuse/index.js';
import {
  hostKind,
  nodeState,
  rootNode,
  rule,
  type HostKind,
  type HostListing,
  type IndexNode,
  type Rule,
  type View,
} from '../view/index.js';
import { close, kindOfMode, openForReading, readFully, type NodeHost } from './host.js';
import { DeviceTable, LinkCounter } from './identity.js';
import { Processes } from './process.js';
import type { Readers } from './readers.js';
import type { WatchedDirectories } from './watched.js';

/** How a {@link ViewFs} behaves. */
export interface ViewFsOptions {
  /** Hears of each attempt to reach a hidden path that exists on the host, while the process still waits. */
  onAccess?: (event: AccessEvent) => void;
  /** Hears of each process that an event or {@link readers} refers to, before they do. */
  onProcess?: (record: ProcessRecord) => void;
  /** Which serving thread this is, from 0, and of how many. */
  thread?: { readonly number: number; readonly count: number };
  /** Packages whose uses are told one by one, as bits: see {@link usesTold}. */
  attributed?: Uint32Array;
  /** Report visible paths as well; nothing is cached by the kernel then, so that every access is seen. */
  trace?: boolean;
  /** Memory that all serving threads of a mount share; see {@link DeviceTable.buffer}. */
  devices?: SharedArrayBuffer;
  /** Takes note of who reads a file, and lists a directory, first. */
  readers?: Readers;
  /** Whether changes of names in a directory are told to the kernel; without it what changes without a merge is valid for a second. */
  watched?: WatchedDirectories;
  /** Open files kept at most. */
  maxOpenFiles?: number;
}

/** Nothing changes what packages own without the package database changing, and that is watched. */
const ownedValid: Seconds = 86_400;
/** Configuration, and links that eselect and its like make, change without a merge. */
const configurationValid: Seconds = 1;
/** The same where changes are told; not longer, as a change may be missed (see daemon/hostWatch.ts). */
const watchedValid: Seconds = 300;

/** READDIRPLUS gives attributes only for directories up to this size: a list of thousands is seldom wanted with them. */
const attributesLimit = 1000;
/** Entries of all remembered listings. */
const listingCapacity = 400_000;
/** What a listing weighs besides its entries: the objects around a few numbers are larger than these. */
const listingWeight = 256;
/** How long a listing serves requests that begin to list (or count links). */
const listingFreshMs = 1000;
/** How long an open file is believed to be the one that its path leads to. */
const fileFreshMs = 1000;

/** How many uses of a file are told one by one; the kernel keeps its name from then on. */
const usesTold = 16;

/** Offsets of `.` and `..`; that of a child is its node plus {@link childOffset}. */
const dotOffset = 1;
const dotDotOffset = 2;
const childOffset = 2;

/** What is visible in a directory. Links are counted far more often than names are listed, so each is found out when asked for. */
interface Listing {
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
interface Entries {
  /** Ascending. */
  readonly nodes: Uint32Array;
  readonly kinds: Uint8Array;
}

interface OpenFile {
  readonly fd: number;
  readonly device: bigint;
  readonly inode: bigint;
  /** Bytes, when it was opened. */
  readonly size: number;
  checkedAt: number;
}

const nothing: HostListing = { names: new Uint8Array(), bounds: new Uint32Array(1), kinds: new Uint8Array() };
const dotName = Buffer.from('.');
const dotDotName = Buffer.from('..');

export class ViewFs implements Operations {
  readonly #view: View;
  readonly #host: NodeHost;
  readonly #onAccess: ((event: AccessEvent) => void) | undefined;
  readonly #trace: boolean;
  readonly #readers: Readers | undefined;
  readonly #watched: WatchedDirectories | undefined;
  readonly #devices: DeviceTable;
  readonly #links: LinkCounter;
  readonly #processes: Processes;
  readonly #attributed: Uint32Array | undefined;
  /** How often a use of a file was told, by node. */
  readonly #told = new Map<IndexNode, number>();
  readonly #listings = new LRUCache<IndexNode, Listing>({
    maxSize: listingCapacity,
    sizeCalculation: ({ content }) => content.kinds.length + listingWeight,
  });
  readonly #files: LRUCache<IndexNode, OpenFile>;
  /** The file that was last answered for: the next thing is often to read it. */
  #seen: { readonly node: IndexNode; readonly stats: BigIntStats; readonly at: number } | undefined;
  readonly #startedAt = Math.floor(Date.now() / 1000);
  readonly #entry: Entry = newEntry();

  constructor(view: View, host: NodeHost, options: ViewFsOptions = {}) {
    this.#view = view;
    this.#host = host;
    this.#onAccess = options.onAccess;
    this.#attributed = options.attributed;
    const { number = 0, count = 1 } = options.thread ?? {};
    this.#processes = new Processes({
      first: number,
      step: count,
      ...(options.onProcess === undefined ? {} : { onProcess: options.onProcess }),
      ...(view.settings.mountPoint === undefined ? {} : { mountpoint: view.settings.mountPoint }),
    });
    this.#trace = options.trace ?? false;
    this.#readers = options.readers;
    this.#watched = options.watched;
    this.#devices = new DeviceTable(options.devices);
    this.#links = new LinkCounter(view, host);
    this.#files = new LRUCache<IndexNode, OpenFile>({
      max: options.maxOpenFiles ?? 512,
      dispose: (file) => close(file.fd),
    });
  }

  /** Closes all files. */
  close(): void {
    this.#files.clear();
  }

  // ---- names --------------------------------------------------------------------------------------------------------

  lookup(parentId: NodeId, name: Buffer, caller: Caller, out: Entry): Errno {
    const view = this.#view;
    const index = view.index;
    view.begin();
    const parent = this.#nodeOf(parentId);
    if (parent < 0 || !view.isVisibleDirectory(parent as IndexNode)) return errno.ENOENT;
    const directory = parent as IndexNode;
    if (isDots(name)) {
      return this.getattr((name.length === 1 ? directory : index.parent(directory)) + 1, caller, out);
    }
    let node = index.find(directory, name);
    if (node >= 0 && view.isUntouchable(node as IndexNode)) return this.#missing(directory, node, out);
    const path =
      node >= 0 && view.paths.isGraft(node as IndexNode)
        ? view.paths.of(node as IndexNode)
        : view.paths.child(directory, name);
    const stats = this.#host.stat(path, out.attr);
    if (typeof stats === 'number') {
      if (node >= 0 && stats === errno.ENOENT && view.isAlwaysThere(node as IndexNode)) {
        return this.#synthetic(node as IndexNode, out);
      }
      if (stats !== errno.ENOENT && node >= 0 && index.ownerVisible(node as IndexNode, view.visible))
        return stats;
      return this.#missing(directory, node, out);
    }
    if (node < 0) {
      node = index.tryEnsure(directory, name);
      if (node < 0) return errno.ENOMEM;
    }
    const kind = kindOfMode(out.attr.mode);
    const decided = view.decide(node as IndexNode, kind);
    if (decided <= 0) {
      this.#report(node as IndexNode, kind, false, caller, this.#processes.operation(caller.pid));
      this.#missing(directory, node, out);
      // Who asks for what a package owns is evidence, each time; but for what everything asks for.
      if (index.isOwned(node as IndexNode) && pathKind(view.pathOf(node as IndexNode)) !== 'noise')
        out.entryValid = 0;
      return 0;
    }
    this.#found(node as IndexNode, kind, decided, stats, out);
    if (this.#trace) {
      this.#report(node as IndexNode, kind, true, caller, this.#processes.operation(caller.pid));
    } else if (this.#isAttributed(node as IndexNode, kind, decided)) {
      this.#tellUse(node as IndexNode, kind, caller, out);
    }
    return 0;
  }

  forget(): void {
    // Node ids are the index's own and live as long as it does.
  }

  getattr(nodeId: NodeId, _caller: Caller, out: Entry): Errno {
    const view = this.#view;
    view.begin();
    const found = this.#nodeOf(nodeId);
    if (found < 0 || view.isUntouchable(found as IndexNode)) return errno.ENOENT;
    const node = found as IndexNode;
    const stats = this.#host.stat(view.paths.of(node), out.attr);
    if (typeof stats === 'number') {
      return stats === errno.ENOENT && view.isAlwaysThere(node) ? this.#synthetic(node, out) : errno.ENOENT;
    }
    const kind = kindOfMode(out.attr.mode);
    if (!this.#isReachable(node)) return errno.ENOENT;
    const decided = view.decide(node, kind);
    if (decided <= 0) return errno.ENOENT;
    this.#found(node, kind, decided, stats, out);
    return 0;
  }

  readlink(nodeId: NodeId): Uint8Array | Errno {
    const view = this.#view;
    view.begin();
    const node = this.#nodeOf(nodeId);
    if (node < 0 || !view.isVisible(node as IndexNode, hostKind.link)) return errno.ENOENT;
    return this.#host.readlink(view.paths.of(node as IndexNode)) ?? errno.EINVAL;
  }

  // ---- content ------------------------------------------------------------------------------------------------------

  read(nodeId: NodeId, offset: number, into: Buffer, caller: Caller): number {
    const view = this.#view;
    view.begin();
    const found = this.#nodeOf(nodeId);
    if (found < 0 || !view.isVisible(found as IndexNode, hostKind.file)) return -errno.ENOENT;
    const node = found as IndexNode;
    const now = performance.now();
    const known = this.#known(node, now);
    const file = known ?? this.#open(node, now);
    if (typeof file === 'number') return file;
    const count = readFully(file.fd, into, offset, file.size);
    if (known === undefined) {
      // What one READ brings whole is in the kernel's cache then, and not asked for again.
      if (count === file.size) close(file.fd);
      else this.#files.set(node, file);
    }
    if (((view.index.state[node] as number) & nodeState.read) === 0) {
      view.index.setState(node, nodeState.read);
      this.#noteReader(node, caller);
      if (this.#trace) this.#report(node, hostKind.file, true, caller, 'read');
    }
    return count;
  }

  /** Notes who reads a file for the first time, and tells of a program that is about to be executed. */
  #noteReader(node: IndexNode, caller: Caller): void {
    if (this.#readers === undefined) return;
    const isProgram = this.#isProgram(node);
    this.#readers.note(node, this.#processes.id(caller.pid, !isProgram));
    if (isProgram && this.#processes.operation(caller.pid) === 'exec')
      this.#report(node, hostKind.file, true, caller, 'exec');
  }

  /** Whether each use of a file is told, with who uses it. */
  #isAttributed(node: IndexNode, kind: HostKind, decided: Rule): boolean {
    const attributed = this.#attributed;
    if (attributed === undefined || kind === hostKind.directory) return false;
    const { index } = this.#view;
    const owned = decided === rule.cache ? this.#view.sourceOfCache(node) : node;
    if (owned < 0 || !index.ownerVisible(owned as IndexNode, attributed)) return false;
    return (this.#told.get(node) ?? 0) < usesTold && !this.#view.isHeader(node);
  }

  /** Tells a use, if that is what the lookup is for, and has the kernel ask again. */
  #tellUse(node: IndexNode, kind: HostKind, caller: Caller, out: Entry): void {
    out.entryValid = 0;
    const operation = this.#processes.operation(caller.pid);
    if (operation !== 'open' && operation !== 'exec') return;
    this.#told.set(node, (this.#told.get(node) ?? 0) + 1);
    this.#report(node, kind, true, caller, operation);
  }

  /** Whether a file is probably executed or loaded: it lies in a directory of programs, or is a shared library. */
  #isProgram(node: IndexNode): boolean {
    const { index } = this.#view;
    const directory = index.name(index.parent(node));
    const end = directory.length;
    const inPrograms =
      end >= 3 && directory[end - 3] === 0x62 && directory[end - 2] === 0x69 && directory[end - 1] === 0x6e;
    if (inPrograms) return true;
    const name = index.name(node);
    for (let dot = name.indexOf(0x2e); dot >= 0; dot = name.indexOf(0x2e, dot + 1)) {
      if (name[dot + 1] === 0x73 && name[dot + 2] === 0x6f) return true;
    }
    return false;
  }

  /** The file that is open already, unless its path leads to another one by now. */
  #known(node: IndexNode, now: number): OpenFile | undefined {
    const known = this.#files.get(node);
    if (known === undefined) return undefined;
    const { index, paths, visible } = this.#view;
    if (now - known.checkedAt < fileFreshMs && index.ownerVisible(node, visible)) return known;
    const stats = this.#host.rawStat(paths.of(node));
    if (stats?.ino === known.inode && stats.dev === known.device) {
      known.checkedAt = now;
      return known;
    }
    this.#files.delete(node);
    return undefined;
  }

  #open(node: IndexNode, now: number): OpenFile | Errno {
    const { paths } = this.#view;
    const seen = this.#seen;
    const isFresh = seen?.node === node && now - seen.at < fileFreshMs;
    const stats = isFresh ? seen.stats : this.#host.rawStat(paths.of(node));
    if (stats === undefined) return -errno.ENOENT;
    if (kindOfMode(Number(stats.mode)) !== hostKind.file) return -errno.EIO;
    const fd = openForReading(paths.of(node));
    if (fd < 0) return fd;
    return { fd, device: stats.dev, inode: stats.ino, size: Number(stats.size), checkedAt: now };
  }

  // ---- directories --------------------------------------------------------------------------------------------------

  readdir(nodeId: NodeId, offset: number, caller: Caller, sink: DirectorySink): Errno {
    const view = this.#view;
    const index = view.index;
    const epoch = view.begin();
    const found = this.#nodeOf(nodeId);
    if (found < 0 || !view.isVisibleDirectory(found as IndexNode)) return errno.ENOENT;
    const directory = found as IndexNode;
    const listing = this.#list(directory, epoch, offset === 0 ? listingFreshMs : Infinity);
    if (typeof listing === 'number') return listing;
    if (((index.state[directory] as number) & nodeState.listed) === 0) {
      index.setState(directory, nodeState.listed);
      this.#readers?.note(directory, this.#processes.id(caller.pid, true));
    }

    if (offset < dotOffset && !sink.add(dotName, nodeId, hostKind.directory, dotOffset)) return 0;
    if (offset < dotDotOffset) {
      const parentId = index.parent(directory) + 1;
      if (!sink.add(dotDotName, parentId, hostKind.directory, dotDotOffset)) return 0;
    }
    const { nodes, kinds } = this.#entriesOf(directory, listing);
    const withAttributes = sink.wantsAttributes && nodes.length <= attributesLimit && !this.#trace;
    for (let i = firstBehind(nodes, offset - childOffset); i < nodes.length; i++) {
      const node = nodes[i] as IndexNode;
      const kind = kinds[i] as HostKind;
      const taken = withAttributes
        ? this.#addWithAttributes(node, kind, sink)
        : sink.add(index.name(node), this.#inodeOf(node), kind, node + childOffset);
      if (!taken) break;
    }
    return 0;
  }

  /** True also for what is gone meanwhile and so needs no room. */
  #addWithAttributes(node: IndexNode, listedKind: HostKind, sink: DirectorySink): boolean {
    const view = this.#view;
    const entry = this.#entry;
    const stats = this.#host.stat(view.paths.of(node), entry.attr);
    if (typeof stats === 'number') {
      if (!view.isAlwaysThere(node)) return true;
      this.#synthetic(node, entry);
    } else {
      const kind = kindOfMode(entry.attr.mode);
      const decided = view.decide(node, kind);
      if (decided <= 0) return true;
      if (kind !== listedKind) this.#listings.delete(view.index.parent(node));
      this.#found(node, kind, decided, stats, entry);
      if (this.#isAttributed(node, kind, decided)) entry.entryValid = 0;
    }
    return sink.addWithAttributes(view.index.name(node), entry, node + childOffset);
  }

  #list(directory: IndexNode, epoch: number, maxAgeMs: number): Listing | Errno {
    const known = this.#listings.get(directory);
    const now = performance.now();
    const changes = this.#watched?.changes ?? 0;
    if (known?.epoch === epoch && known.changes === changes && now - known.madeAt <= maxAgeMs) return known;
    const made = this.#makeListing(directory, epoch, changes, now);
    if (typeof made !== 'number') this.#listings.set(directory, made);
    return made;
  }

  #makeListing(directory: IndexNode, epoch: number, changes: number, now: number): Listing | Errno {
    const view = this.#view;
    const host = this.#host.list(view.paths.of(directory));
    if (host === undefined && !view.isAlwaysThere(directory)) {
      return this.#host.kind(view.paths.of(directory)) === hostKind.directory ? errno.EACCES : errno.ENOENT;
    }
    const content = host ?? nothing;
    return { epoch, changes, madeAt: now, directories: view.subdirectories(directory, content), content };
  }

  #entriesOf(directory: IndexNode, listing: Listing): Entries {
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
      const kind = host.kinds[i] as HostKind;
      if (kind === hostKind.directory || kind === hostKind.missing) continue;
      const child = index.tryEnsure(directory, names, bounds[i], bounds[i + 1]);
      if (child < 0 || view.isUntouchable(child as IndexNode)) continue;
      const node = child as IndexNode;
      if (view.decide(node, kind) > 0) packed[count++] = node * 16 + kind;
      conditional ||= !index.isOwned(node) && view.hangsOnPackages(node);
    }
    if (conditional) index.setState(directory, nodeState.conditional);
    const sorted = packed.subarray(0, count).sort();
    const nodes = new Uint32Array(count);
    const kinds = new Uint8Array(count);
    for (let i = 0; i < count; i++) {
      const value = sorted[i] as number;
      kinds[i] = value % 16;
      nodes[i] = Math.floor(value / 16);
    }
    return (listing.content = { nodes, kinds });
  }

  statfs(_nodeId: NodeId, out: FilesystemStatistics): Errno {
    let host;
    try {
      host = statfsSync(this.#view.settings.root);
    } catch (error) {
      return errnoOf(error);
    }
    out.blocks = host.blocks;
    out.bfree = host.bfree;
    out.bavail = host.bavail;
    out.files = host.files;
    out.ffree = host.ffree;
    out.bsize = host.bsize;
    out.frsize = host.bsize;
    out.namelen = 255;
    return 0;
  }

  // ---- answers ------------------------------------------------------------------------------------------------------

  #nodeOf(nodeId: NodeId): IndexNode | -1 {
    const node = nodeId - 1;
    return (node >= 0 && node < this.#view.index.nodeCount ? node : -1) as IndexNode | -1;
  }

  #isReachable(node: IndexNode): boolean {
    return node === rootNode || this.#view.isVisibleDirectory(this.#view.index.parent(node));
  }

  /** Completes the answer about a visible file whose host attributes are in `out`. */
  #found(node: IndexNode, kind: HostKind, decided: Rule, stats: BigIntStats, out: Entry): void {
    const view = this.#view;
    const attr = out.attr;
    let state: number = nodeState.positive;
    attr.ino = node + 1;
    if (kind === hostKind.directory) {
      // A host that does not count subdirectories says 1; one without any says 2.
      if (attr.nlink > 2) attr.nlink = this.#directoryLinks(node);
    } else if (attr.nlink > 1) {
      attr.nlink = this.#links.count(node, stats);
      attr.ino = this.#linkedInode(node, stats, attr.nlink);
      state |= nodeState.linked;
    }
    if (kind === hostKind.file) {
      this.#seen = { node, stats, at: performance.now() };
      const open = this.#files.peek(node);
      if (open !== undefined && (open.inode !== stats.ino || open.device !== stats.dev))
        this.#files.delete(node);
    }
    view.index.setState(node, state);
    const valid = this.#validity(node, kind, decided);
    out.nodeId = node + 1;
    out.entryValid = valid;
    out.attrValid = valid;
  }

  #directoryLinks(node: IndexNode): number {
    const listing = this.#list(node, this.#view.begin(), listingFreshMs);
    return typeof listing === 'number' ? 2 : 2 + listing.directories.length;
  }

  /** A directory that the host does not have, where something is going to be mounted. */
  #synthetic(node: IndexNode, out: Entry): Errno {
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
    this.#view.index.setState(node, nodeState.positive);
    out.nodeId = node + 1;
    out.entryValid = out.attrValid = this.#trace ? 0 : ownedValid;
    return 0;
  }

  /** The answer for a name that does not exist inside: missing on the host, or hidden. */
  #missing(directory: IndexNode, node: IndexNode | -1, out: Entry): Errno {
    if (node >= 0) this.#view.index.setState(node as IndexNode, nodeState.negative);
    out.nodeId = 0;
    out.attrValid = 0;
    if (this.#trace) out.entryValid = 0;
    else if (!this.#view.isConfiguration(directory)) out.entryValid = ownedValid;
    else out.entryValid = this.#watched?.isWatched(directory) ? watchedValid : configurationValid;
    return 0;
  }

  /** How long the kernel may believe what it is told of a visible path. */
  #validity(node: IndexNode, kind: HostKind, decided: Rule): Seconds {
    if (this.#trace) return 0;
    const view = this.#view;
    const byContent = decided === rule.owned || decided === rule.ancestor;
    if (byContent && !view.isConfiguration(node)) return ownedValid;
    const watched = this.#watched;
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
  #inodeOf(node: IndexNode): number {
    if (((this.#view.index.state[node] as number) & nodeState.linked) === 0) return node + 1;
    const stats = this.#host.rawStat(this.#view.paths.of(node));
    if (stats === undefined || stats.nlink < 2n) return node + 1;
    return this.#linkedInode(node, stats, this.#links.count(node, stats));
  }

  /** One number for all names of a file, but only if several are visible: a shared one would tell of a hidden name. */
  #linkedInode(node: IndexNode, stats: BigIntStats, visibleNames: number): number {
    const shared = visibleNames > 1 ? this.#devices.inode(stats.dev, stats.ino) : -1;
    return shared < 0 ? node + 1 : shared;
  }

  #report(node: IndexNode, kind: HostKind, visible: boolean, { pid }: Caller, operation: Operation): void {
    const report = this.#onAccess;
    if (report === undefined) return;
    const isDirectory = kind === hostKind.directory;
    report({
      time: Date.now(),
      path: this.#view.pathOf(node),
      operation,
      visible,
      directory: isDirectory,
      wanted:
        (isDirectory && !visible) || (visible && operation === 'exec') ? this.#processes.wanted(pid) : '',
      owners: this.#view.responsibleFor(node, kind).map((id) => this.#view.index.cpv(id)),
      process: this.#processes.id(pid, false),
    });
  }
}

/** An empty answer to fill in. */
function newEntry(): Entry {
  return {
    nodeId: 0,
    entryValid: 0,
    attrValid: 0,
    attr: {
      ino: 0,
      size: 0,
      blocks: 0,
      atimeSec: 0,
      atimeNsec: 0,
      mtimeSec: 0,
      mtimeNsec: 0,
      ctimeSec: 0,
      ctimeNsec: 0,
      mode: 0,
      nlink: 0,
      uid: 0,
      gid: 0,
      rdev: 0,
      blksize: 0,
    },
  };
}

function isDots(name: Uint8Array): boolean {
  return name[0] === 0x2e && (name.length === 1 || (name.length === 2 && name[1] === 0x2e));
}

/** The position of the first number above `value` in an ascending list. */
function firstBehind(list: Uint32Array, value: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((list[middle] as number) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
