/**
 * The view as a filesystem: what a driver asks for, answered from the rules and the host's files. One for each serving
 * thread; all threads give the same answers.
 *
 * A node id says a path and which file stood there (see nodeIds.ts), so there is no table of nodes. Nothing here touches the own
 * mount point: a thread that did would wait for itself.
 */
import { statfsSync } from 'node:fs';
import { LRUCache } from 'lru-cache';
import { errno, errnoOf, type Errno } from '../base/index.js';
import { pathKind, type AccessEvent, type Operation } from '../audit/index.js';
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
import { identityWords, type FileIdentity, type ProcessHandles } from '../system/index.js';
import { kindOfMode, type NodeHost } from './host.js';
import { LinkCounter, LinkedFiles } from './identity.js';
import { anyFile, fileNumber, fileOf, nodeIdOf, nodeOf } from './nodeIds.js';
import { fewOpenFiles, OpenFiles } from './openFiles.js';
import { Processes, type ProcessesOptions } from './process.js';
import type { Readers } from './readers.js';
import type { WatchedDirectories } from './watched.js';

/** How a {@link ViewFs} behaves. */
export interface ViewFsOptions {
  /** Hears of each attempt to reach a hidden path that exists on the host, while the process still waits. */
  onAccess?: (event: AccessEvent) => void;
  /** Hears of each process that an event or {@link readers} refers to, before they do. */
  onProcess?: NonNullable<ProcessesOptions['onProcess']>;
  /** See {@link ProcessesOptions.handles}. */
  handles?: ProcessHandles;
  /** Which serving thread this is, from 0, and of how many. */
  thread?: { readonly number: number; readonly count: number };
  /** Packages whose uses are told one by one, as bits: see {@link usesTold}. */
  attributed?: Uint32Array;
  /** Report visible paths as well; nothing is cached by the kernel then, so that every access is seen. */
  trace?: boolean;
  /** Memory that all serving threads of a mount share; its own by default. */
  shared?: SharedFiles;
  /**
   * Whether the kernel checks access control lists. Where it does not, whom a file with such a list belongs to is all that counts:
   * the view refuses more than the host then, never less. Asked with each request, as it is agreed upon with the first.
   */
  checksLists?: () => boolean;
  /** Takes note of who reads a file, and lists a directory, first. */
  readers?: Readers;
  /** Whether changes of names in a directory are told to the kernel; without it what changes without a merge is valid for a second. */
  watched?: WatchedDirectories;
}

/** Memory of the serving threads of a mount; can be cloned. */
export interface SharedFiles {
  /** See {@link LinkedFiles.memory}. */
  readonly linked: SharedArrayBuffer;
  /** See {@link OpenFiles.memory}. */
  readonly open: SharedArrayBuffer;
}

/**
 * Memory for one mount.
 * @param openFiles open files kept at most
 */
export function newSharedFiles(openFiles: number): SharedFiles {
  return { linked: new LinkedFiles().memory, open: OpenFiles.memory(openFiles) };
}

/** Nothing changes what packages own without the package database changing, and that is watched. */
const ownedValid: Seconds = 86_400;
/** Configuration, and links that eselect and its like make, change without a merge. */
const configurationValid: Seconds = 1;
/** The same where changes are told; not longer, as one may be missed (see watched.ts). */
const watchedValid: Seconds = 300;
/** What packages own, where directories are watched but this one cannot be. */
const unwatchedValid: Seconds = 60;

/** READDIRPLUS gives attributes only for directories up to this size: a list of thousands is seldom wanted with them. */
const attributesLimit = 1000;
/** Entries of all remembered listings. */
const listingCapacity = 400_000;
/** What a listing weighs besides its entries: the objects around a few numbers are larger than these. */
const listingWeight = 256;
/** How long a listing serves requests that begin to list (or count links). */
const listingFreshMs = 1000;

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

const nothing: HostListing = { names: new Uint8Array(), bounds: new Uint32Array(1), kinds: new Uint8Array() };
/** `XATTR_LIST_MAX` (linux/limits.h). */
const longestAttributeList = 65_536;
/** posix_acl_xattr.h. */
const accessList = Buffer.from('system.posix_acl_access');
const nowhere = new Uint8Array();

/** Others are for programs with rights of their own (`trusted.*`), or mean something to the host's kernel alone. */
function isShownAttribute(name: string): boolean {
  return name.startsWith('user.') || name === 'security.capability' || name.startsWith('system.posix_acl_');
}

const dotName = Buffer.from('.');
const dotDotName = Buffer.from('..');

export class ViewFs implements Operations {
  readonly #view: View;
  readonly #host: NodeHost;
  readonly #onAccess: ((event: AccessEvent) => void) | undefined;
  readonly #trace: boolean;
  readonly #readers: Readers | undefined;
  readonly #watched: WatchedDirectories | undefined;
  readonly #checksLists: () => boolean;
  readonly getxattr: Operations['getxattr'];
  readonly listxattr: Operations['listxattr'];
  readonly #linked: LinkedFiles;
  readonly #links: LinkCounter;
  readonly #processes: Processes;
  readonly #attributed: Uint32Array | undefined;
  readonly #listings = new LRUCache<IndexNode, Listing>({
    maxSize: listingCapacity,
    sizeCalculation: ({ content }) => content.kinds.length + listingWeight,
  });
  readonly #files: OpenFiles;
  readonly #identity: FileIdentity = new Uint32Array(identityWords);
  readonly #startedAt = Math.floor(Date.now() / 1000);
  readonly #entry: Entry = newEntry();
  /** {@link WatchedDirectories.changes} when it was looked at last. */
  #changesSeen = 0;
  /** {@link View.timesGivenBack} when it was looked at last. */
  #givenBackSeen = 0;

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
      ...(options.handles === undefined ? {} : { handles: options.handles }),
      ...(view.settings.mountPoint === undefined ? {} : { mountpoint: view.settings.mountPoint }),
    });
    this.#trace = options.trace ?? false;
    this.#readers = options.readers;
    this.#watched = options.watched;
    this.#checksLists = options.checksLists ?? ((): boolean => true);
    if (host.files.isExact) {
      this.getxattr = (nodeId, name, into) => this.#attribute(nodeId, name, into);
      this.listxattr = (nodeId, into) => this.#attributeNames(nodeId, into);
    }
    const { linked, open } = options.shared ?? newSharedFiles(fewOpenFiles);
    this.#linked = new LinkedFiles(linked);
    this.#files = new OpenFiles(open, (fd) => host.files.close(fd));
    this.#links = new LinkCounter(view, host);
  }

  /** Closes all files. */
  close(): void {
    this.#files.close();
    this.#host.forget();
  }

  // ---- names --------------------------------------------------------------------------------------------------------

  lookup(parentId: NodeId, name: Buffer, caller: Caller, out: Entry): Errno {
    const code = this.#lookup(parentId, name, caller, out);
    if (code === 0 && out.nodeId !== 0) this.#view.index.hold(nodeOf(out.nodeId) as IndexNode);
    return code;
  }

  #lookup(parentId: NodeId, name: Buffer, caller: Caller, out: Entry): Errno {
    const view = this.#view;
    const index = view.index;
    this.#begin();
    const parent = this.#directoryOf(parentId);
    if (parent < 0 || !view.isVisibleDirectory(parent as IndexNode)) return errno.ENOENT;
    const directory = parent as IndexNode;
    // Before anything in it is looked at: what changes behind that is told.
    const watched = this.#watched?.isWatched(directory);
    if (isDots(name)) {
      const node = name.length === 1 ? directory : index.parent(directory);
      return this.getattr(nodeIdOf(node, anyFile), caller, out);
    }
    let node = index.find(directory, name);
    if (node >= 0 && view.isUntouchable(node as IndexNode))
      return this.#missing(directory, node, watched, out);
    const path =
      node >= 0 && view.paths.isGraft(node as IndexNode)
        ? view.paths.of(node as IndexNode)
        : view.paths.child(directory, name);
    const code = this.#host.stat(path, out.attr);
    if (code !== 0) {
      if (node >= 0 && code === errno.ENOENT && view.isAlwaysThere(node as IndexNode)) {
        return this.#synthetic(node as IndexNode, out);
      }
      if (code !== errno.ENOENT && node >= 0 && index.ownerVisible(node as IndexNode, view.visible))
        return code;
      return this.#missing(directory, node, watched, out);
    }
    if (node < 0) {
      node = index.tryEnsure(directory, name);
      if (node < 0) {
        view.noteFull();
        return errno.ENOMEM;
      }
    }
    const kind = kindOfMode(out.attr.mode);
    const file = this.#fileNumber(kind);
    if (kind === hostKind.directory) this.#watchContents(node as IndexNode);
    const decided = view.decide(node as IndexNode, kind);
    if (decided <= 0) {
      // That a cache is not there says nothing of the packages that it would tell of.
      if (decided !== rule.compiled)
        this.#report(node as IndexNode, kind, false, caller, this.#processes.operation(caller.pid));
      this.#missing(directory, node, watched, out);
      // Who asks for what a package owns is evidence, each time; but for what everything asks for.
      if (
        decided !== rule.compiled &&
        index.isOwned(node as IndexNode) &&
        pathKind(view.pathOf(node as IndexNode)) !== 'noise'
      )
        out.entryValid = 0;
      return 0;
    }
    this.#found(node as IndexNode, kind, file, decided, out);
    if (this.#trace) {
      this.#report(node as IndexNode, kind, true, caller, this.#processes.operation(caller.pid));
    } else if (this.#isAttributed(node as IndexNode, kind, decided)) {
      this.#tellUse(node as IndexNode, kind, caller, out);
    }
    return 0;
  }

  /** Of a directory that is visible by what is in it, or hidden as long as nothing visible is: what comes and goes there has to be heard of. */
  #watchContents(node: IndexNode): void {
    const view = this.#view;
    if (this.#watched === undefined || view.index.isOwned(node) || !view.isSearched(node)) return;
    if ((view.index.state[node]! & nodeState.watched) !== 0) return;
    this.#watched.isWatched(node);
    view.searchAgain(node);
  }

  forget(nodeId: NodeId, count: number): void {
    if (fileOf(nodeId) !== anyFile) this.#files.forget(nodeId);
    // Last: the node may be given back from here on.
    const node = this.#nodeOf(nodeId);
    if (node >= 0) this.#view.index.release(node as IndexNode, count);
  }

  getattr(nodeId: NodeId, _caller: Caller, out: Entry): Errno {
    const view = this.#view;
    this.#begin();
    const found = this.#nodeOf(nodeId);
    if (found < 0 || view.isUntouchable(found as IndexNode)) return errno.ENOENT;
    const node = found as IndexNode;
    // Before the host is asked: another view may be mounted above.
    if (!this.#isReachable(node)) return errno.ENOENT;
    const asked = fileOf(nodeId);
    const code = this.#host.stat(view.paths.of(node), out.attr);
    const kind = code === 0 ? kindOfMode(out.attr.mode) : hostKind.missing;
    const file = this.#fileNumber(kind);
    if (asked !== anyFile && asked !== file) return this.#replacedAttributes(nodeId, out);
    if (code !== 0) {
      return code === errno.ENOENT && view.isAlwaysThere(node) ? this.#synthetic(node, out) : errno.ENOENT;
    }
    if (asked !== file) return errno.ESTALE;
    const decided = view.decide(node, kind);
    if (decided <= 0) return errno.ENOENT;
    this.#found(node, kind, file, decided, out);
    return 0;
  }

  /** Of a file that is no longer at its path: whoever has it open may ask. */
  #replacedAttributes(nodeId: NodeId, out: Entry): Errno {
    const files = this.#files;
    const set = files.enter(nodeId);
    try {
      const fd = files.find(set, nodeId);
      // Who comes by the path looks it up again after this.
      if (fd < 0 || this.#host.statOpen(fd, out.attr) !== 0) return errno.ESTALE;
    } finally {
      files.leave(set);
    }
    out.attr.ino = (nodeOf(nodeId) as number) + 1;
    out.attrValid = configurationValid;
    return 0;
  }

  readlink(nodeId: NodeId): Uint8Array | Errno {
    const view = this.#view;
    this.#begin();
    const node = this.#nodeOf(nodeId);
    if (node < 0 || !view.isVisible(node as IndexNode, hostKind.link)) return errno.ENOENT;
    return this.#host.readlink(view.paths.of(node as IndexNode)) ?? errno.EINVAL;
  }

  // ---- content ------------------------------------------------------------------------------------------------------

  read(nodeId: NodeId, offset: number, into: Buffer, caller: Caller): number {
    const view = this.#view;
    this.#begin();
    const found = this.#nodeOf(nodeId);
    if (found < 0) return -errno.ENOENT;
    const node = found as IndexNode;
    if (!view.isVisible(node, hostKind.file) && !this.#isReplaced(node, nodeId)) return -errno.ENOENT;
    const count = this.#readMade(node, nodeId, offset, into) ?? this.#readFile(node, nodeId, offset, into);
    if (count < 0) return count;
    if ((view.index.state[node]! & nodeState.read) === 0) {
      view.index.setState(node, nodeState.read);
      this.#noteReader(node, caller);
      if (this.#trace) this.#report(node, hostKind.file, true, caller, 'read');
    }
    return count;
  }

  /** Of a compiled cache; undefined when its content is the host's, or it is no longer the one at its path. */
  #readMade(node: IndexNode, nodeId: NodeId, offset: number, into: Buffer): number | undefined {
    if (!this.#isCache(node)) return undefined;
    const made = this.#view.madeContent(node);
    return made === undefined || this.#isReplaced(node, nodeId)
      ? undefined
      : made.subarray(offset).copy(into);
  }

  /** Whether a file was found to be a compiled cache. */
  #isCache(node: IndexNode): boolean {
    return (this.#view.index.state[node]! & nodeState.conditional) !== 0;
  }

  #readFile(node: IndexNode, nodeId: NodeId, offset: number, into: Buffer): number {
    const files = this.#files;
    const host = this.#host.files;
    const set = files.enter(nodeId);
    try {
      const open = files.find(set, nodeId);
      if (open >= 0) return host.read(open, into, offset);
      const fd = host.open(this.#view.paths.of(node));
      // What cannot be opened is not what the kernel knows: that was there, and a file.
      if (fd < 0) return fd === -errno.ENOENT || fd === -errno.ELOOP ? -errno.ESTALE : fd;
      const isIt =
        host.statOpen(fd) === 0 && this.#fileNumber(kindOfMode(this.#host.status.mode)) === fileOf(nodeId);
      const { size } = this.#host.status;
      const count = isIt ? host.read(fd, into, offset) : -errno.ESTALE;
      if (count < 0) host.close(fd);
      else files.keep(set, nodeId, fd, count === size);
      return count;
    } finally {
      files.leave(set);
    }
  }

  /** Whether the file of a node id is no longer the one at its path. */
  #isReplaced(node: IndexNode, nodeId: NodeId): boolean {
    return this.#fileNumber(this.#host.kind(this.#view.paths.of(node))) !== fileOf(nodeId);
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
    return (this.#readers?.told(node) ?? 0) < usesTold && !this.#view.isHeader(node);
  }

  /** Tells a use, if that is what the lookup is for, and has the kernel ask again. */
  #tellUse(node: IndexNode, kind: HostKind, caller: Caller, out: Entry): void {
    out.entryValid = 0;
    const operation = this.#processes.operation(caller.pid);
    if (operation !== 'open' && operation !== 'exec') return;
    this.#readers?.tell(node);
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

  // ---- extended attributes -------------------------------------------------------------------------------------------

  #attribute(nodeId: NodeId, name: Buffer, into: Buffer): number {
    const path = this.#pathOfVisible(nodeId);
    if (typeof path === 'number') return path;
    if (path === undefined || !isShownAttribute(name.toString('latin1'))) return -errno.ENODATA;
    const length = this.#host.files.attribute(path, name, into);
    // A file system without any: the kernel would refuse access if it could not be told of a list.
    return length === -errno.EOPNOTSUPP ? -errno.ENODATA : length;
  }

  #attributeNames(nodeId: NodeId, into: Buffer): number {
    const path = this.#pathOfVisible(nodeId);
    if (typeof path === 'number') return path;
    const all = Buffer.allocUnsafe(longestAttributeList);
    const length = path === undefined ? 0 : this.#host.files.attributeNames(path, all);
    if (length < 0) return length === -errno.EOPNOTSUPP ? 0 : length;
    const names = all
      .toString('latin1', 0, length)
      .split('\0')
      .filter((name) => isShownAttribute(name));
    const shown = Buffer.from(names.map((name) => `${name}\0`).join(''), 'latin1');
    if (into.length === 0) return shown.length;
    if (shown.length > into.length) return -errno.ERANGE;
    shown.copy(into);
    return shown.length;
  }

  /** The host path of a visible file; undefined for what only the view has, or a negative errno. */
  #pathOfVisible(nodeId: NodeId): Buffer | undefined | number {
    const view = this.#view;
    this.#begin();
    const found = this.#nodeOf(nodeId);
    if (found < 0 || view.isUntouchable(found as IndexNode)) return -errno.ENOENT;
    const node = found as IndexNode;
    const kind = this.#host.kind(view.paths.of(node));
    if (kind === hostKind.missing && view.isAlwaysThere(node)) return undefined;
    if (this.#fileNumber(kind) !== fileOf(nodeId)) return -errno.ESTALE;
    return view.isVisible(node, kind) ? view.paths.of(node) : -errno.ENOENT;
  }

  /** Takes the rights of all but the owner from a file with an access control list. */
  #withoutList(node: IndexNode, attr: Attributes): void {
    const length = this.#host.files.attribute(this.#view.paths.of(node), accessList, nowhere);
    if (length > 0) attr.mode &= ~0o077;
  }

  // ---- directories --------------------------------------------------------------------------------------------------

  readdir(nodeId: NodeId, offset: number, caller: Caller, sink: DirectorySink): Errno {
    const view = this.#view;
    const index = view.index;
    const epoch = this.#begin();
    const found = this.#directoryOf(nodeId);
    if (found < 0 || !view.isVisibleDirectory(found as IndexNode)) return errno.ENOENT;
    const directory = found as IndexNode;
    this.#watched?.isWatched(directory);
    const listing = this.#list(directory, epoch, offset === 0 ? listingFreshMs : Infinity);
    if (typeof listing === 'number') return listing;
    if ((index.state[directory]! & nodeState.listed) === 0) {
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
    if (this.#host.stat(view.paths.of(node), entry.attr) !== 0) {
      if (!view.isAlwaysThere(node)) return true;
      this.#synthetic(node, entry);
    } else {
      const kind = kindOfMode(entry.attr.mode);
      const file = this.#fileNumber(kind);
      const decided = view.decide(node, kind);
      if (decided <= 0) return true;
      if (kind !== listedKind) this.#listings.delete(view.index.parent(node));
      this.#found(node, kind, file, decided, entry);
      if (this.#isAttributed(node, kind, decided)) entry.entryValid = 0;
    }
    if (!sink.addWithAttributes(view.index.name(node), entry, node + childOffset)) return false;
    view.index.hold(node);
    return true;
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
      conditional ||= this.#isCache(node) || (!index.isOwned(node) && view.hangsOnPackages(node));
    }
    if (conditional) index.setState(directory, nodeState.conditional);
    const sorted = packed.subarray(0, count).sort();
    const nodes = new Uint32Array(count);
    const kinds = new Uint8Array(count);
    for (let i = 0; i < count; i++) {
      const value = sorted[i]!;
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

  /** Notes the current state before a request; returns its number. */
  #begin(): number {
    const changes = this.#watched?.changes ?? 0;
    if (changes !== this.#changesSeen) {
      this.#changesSeen = changes;
      this.#host.forget();
    }
    const epoch = this.#view.begin();
    if (this.#view.timesGivenBack !== this.#givenBackSeen) this.#forgetNodes();
    return epoch;
  }

  /** What is not settled in the index may stand for other files. Listings are of an earlier epoch anyway. */
  #forgetNodes(): void {
    this.#givenBackSeen = this.#view.timesGivenBack;
    this.#links.forget();
    const { firstLoose, nodeCount } = this.#view.index;
    this.#readers?.forgetTold(firstLoose, nodeCount);
  }

  #nodeOf(nodeId: NodeId): IndexNode | -1 {
    const node = nodeOf(nodeId);
    return node < this.#view.index.nodeCount ? node : -1;
  }

  #directoryOf(nodeId: NodeId): IndexNode | -1 {
    return fileOf(nodeId) === anyFile ? this.#nodeOf(nodeId) : -1;
  }

  /** Of the file that the host's status is about, which leaves its identity in {@link #identity}. */
  #fileNumber(kind: HostKind): number {
    if (kind === hostKind.directory || kind === hostKind.missing) return anyFile;
    this.#host.status.identify(this.#identity);
    return fileNumber(this.#identity);
  }

  #isReachable(node: IndexNode): boolean {
    return node === rootNode || this.#view.isVisibleDirectory(this.#view.index.parent(node));
  }

  /** Completes the answer about a visible file whose host attributes are in `out`, and whose identity is in {@link #identity}. */
  #found(node: IndexNode, kind: HostKind, file: number, decided: Rule, out: Entry): void {
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
      attr.nlink = this.#links.count(node, kind, attr.nlink, this.#identity);
      attr.ino = this.#linkedInode(node, this.#identity, attr.nlink);
      state |= nodeState.linked;
    }
    if (!this.#checksLists() && kind !== hostKind.link) this.#withoutList(node, attr);
    if (kind === hostKind.file && this.#isCache(node)) this.#sizeOfMade(node, attr);
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
    this.#view.index.setState(node, nodeState.positive | nodeState.directory);
    out.nodeId = node + 1;
    out.entryValid = out.attrValid = this.#trace ? 0 : ownedValid;
    return 0;
  }

  /** The answer for a name that does not exist inside: missing on the host, or hidden. */
  #missing(directory: IndexNode, node: IndexNode | -1, watched: boolean | undefined, out: Entry): Errno {
    if (node >= 0) this.#view.index.setState(node as IndexNode, nodeState.negative);
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
    const isCache = kind === hostKind.file && this.#isCache(node);
    if (byContent && !isCache && !view.isConfiguration(node)) {
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
  #inodeOf(node: IndexNode): number {
    if ((this.#view.index.state[node]! & nodeState.linked) === 0) return node + 1;
    if (!this.#host.hasOtherNames(this.#view.paths.of(node))) return node + 1;
    const { nlink, type } = this.#host.status;
    this.#host.status.identify(this.#identity);
    const visible = this.#links.count(node, type as HostKind, nlink, this.#identity);
    return this.#linkedInode(node, this.#identity, visible);
  }

  /** One number for all names of a file, but only if several are visible: a shared one would tell of a hidden name. */
  #linkedInode(node: IndexNode, file: FileIdentity, visibleNames: number): number {
    const shared = visibleNames > 1 ? this.#linked.number(file) : -1;
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
    if (list[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
