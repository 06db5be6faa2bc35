/**
 * The view as a filesystem: what a driver asks for, answered from the rules and the host's files. One for each serving
 * thread; all threads give the same answers.
 *
 * A node id says a path and which file stood there (see nodeIds.ts), so there is no table of nodes. Nothing here touches the own
 * mount point: a thread that did would wait for itself.
 */
import { statfsSync } from 'node:fs';
import { errno, errnoOf, type Errno, failure, type Outcome } from '../base/index.js';
import type {
  Caller,
  DirectorySink,
  Entry,
  FilesystemStatistics,
  NodeId,
  Operations,
} from '../fuse/index.js';
import {
  hostKind,
  kindOfMode,
  kindOfType,
  nodeState,
  rootNode,
  rule,
  type HostKind,
  type IndexNode,
  type NoNode,
  type View,
} from '../view/index.js';
import { Answers } from './answers.js';
import { Contents } from './contents.js';
import { listAttributes, readAttribute } from './extendedAttributes.js';
import { type NodeHost } from './host.js';
import { listingFreshMs, Listings } from './listings.js';
import { anyFile, fileNumberOf, fileOf, nodeIdOf, nodeOf } from './nodeIds.js';
import { fewOpenFiles } from './openFiles.js';
import { newSharedFiles, type ViewFsOptions } from './options.js';
import { Uses } from './uses.js';
import type { WatchedDirectories } from './watched.js';

/** READDIRPLUS gives attributes only for directories up to this size: a list of thousands is seldom wanted with them. */
const attributesLimit = 1000;
/** Offsets of `.` and `..`; that of a child is its node plus {@link childOffset}. */
const dotOffset = 1;
const dotDotOffset = 2;
const childOffset = 2;

const dotName = Buffer.from('.');
const dotDotName = Buffer.from('..');

export class ViewFs implements Operations {
  readonly #view: View;
  readonly #host: NodeHost;
  readonly #trace: boolean;
  readonly #watched: WatchedDirectories | undefined;
  readonly getxattr: Operations['getxattr'];
  readonly listxattr: Operations['listxattr'];
  readonly #listings: Listings;
  readonly #answers: Answers;
  readonly #contents: Contents;
  readonly #uses: Uses;
  /** {@link WatchedDirectories.changes} when it was looked at last. */
  #changesSeen = 0;
  /** {@link View.timesGivenBack} when it was looked at last. */
  #givenBackSeen = 0;

  constructor(view: View, host: NodeHost, options: ViewFsOptions = {}) {
    const { linked, open } = options.shared ?? newSharedFiles(fewOpenFiles);
    this.#view = view;
    this.#host = host;
    this.#trace = options.trace ?? false;
    this.#watched = options.watched;
    this.#listings = new Listings(view, host, options.watched);
    this.#answers = new Answers(view, host, this.#listings, linked, options);
    this.#contents = new Contents(view, host, open);
    this.#uses = new Uses(view, options);
    if (host.files.isExact) {
      this.getxattr = (nodeId, name, into) =>
        this.#ofVisible(nodeId, (path) => readAttribute(host.files, path, name, into));
      this.listxattr = (nodeId, into) =>
        this.#ofVisible(nodeId, (path) => listAttributes(host.files, path, into));
    }
  }

  /** Closes all files. */
  close(): void {
    this.#contents.close();
    this.#host.forget();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  // ---- names --------------------------------------------------------------------------------------------------------

  lookup(parentId: NodeId, name: Buffer, caller: Caller, out: Entry): Errno {
    const code = this.#lookup(parentId, name, caller, out);
    if (code === 0) this.#answers.doubt(out);
    const node = code === 0 ? nodeOf(out.nodeId) : -1;
    if (node !== -1) this.#view.index.hold(node);
    return code;
  }

  #lookup(parentId: NodeId, name: Buffer, caller: Caller, out: Entry): Errno {
    const view = this.#view;
    const index = view.index;
    this.#begin();
    const directory = this.#directoryOf(parentId);
    if (directory === -1 || !view.isVisibleDirectory(directory)) return errno.ENOENT;
    // Before anything in it is looked at: what changes behind that is told.
    const watched = this.#watched?.isWatched(directory);
    if (isDots(name)) {
      const node = name.length === 1 ? directory : index.parent(directory);
      return this.getattr(nodeIdOf(node, anyFile), caller, out);
    }
    let node = index.find(directory, name);
    if (node !== -1 && view.isUntouchable(node)) return this.#answers.missing(directory, node, watched, out);
    const path =
      node !== -1 && view.paths.isGraft(node) ? view.paths.of(node) : view.paths.child(directory, name);
    const code = this.#host.stat(path, out.attr);
    if (code !== 0) {
      if (node !== -1 && code === errno.ENOENT && view.isAlwaysThere(node)) {
        return this.#answers.synthetic(node, out);
      }
      const told = this.#tellable(code, node);
      return told === errno.ENOENT ? this.#answers.missing(directory, node, watched, out) : told;
    }
    if (node === -1) {
      node = index.tryEnsure(directory, name);
      if (node === -1) {
        view.noteFull();
        return errno.ENOMEM;
      }
    }
    const kind = kindOfMode(out.attr.mode);
    const file = fileNumberOf(this.#host, kind);
    if (kind === hostKind.directory) this.#watchContents(node);
    const decided = view.decide(node, kind);
    if (decided <= 0) {
      // That a cache is not there says nothing of the packages that it would tell of.
      if (decided !== rule.compiled) this.#uses.reportLookup(node, kind, false, caller);
      this.#answers.missing(directory, node, watched, out);
      // Who asks for what a package owns is evidence, each time; but for what everything asks for.
      if (decided !== rule.compiled && this.#uses.isEvidence(node)) out.entryValid = 0;
      return 0;
    }
    this.#answers.found(node, kind, file, decided, out);
    if (this.#trace) {
      this.#uses.reportLookup(node, kind, true, caller);
    } else if (this.#uses.isAttributed(node, kind, decided)) {
      this.#uses.tellUse(node, kind, caller, out);
    }
    return 0;
  }

  /** What may be said of a path about which the host gives an error: of one that may be hidden nothing but that it is not there. */
  #tellable(code: Errno, node: IndexNode | NoNode): Errno {
    const isOwnFault = this.#host.shortage === code;
    return isOwnFault || (node !== -1 && this.#view.index.ownerVisible(node, this.#view.visible))
      ? code
      : errno.ENOENT;
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
    if (fileOf(nodeId) !== anyFile) this.#contents.forget(nodeId);
    // Last: the node may be given back from here on.
    const node = this.#nodeOf(nodeId);
    if (node !== -1) this.#view.index.release(node, count);
  }

  getattr(nodeId: NodeId, _caller: Caller, out: Entry): Errno {
    const view = this.#view;
    this.#begin();
    const node = this.#nodeOf(nodeId);
    if (node === -1 || view.isUntouchable(node)) return errno.ENOENT;
    // Before the host is asked: another view may be mounted above.
    if (!this.#isReachable(node)) return errno.ENOENT;
    const asked = fileOf(nodeId);
    const code = this.#host.stat(view.paths.of(node), out.attr);
    if (code !== 0 && !view.isSure) return this.#tellable(code, node);
    const kind = code === 0 ? kindOfMode(out.attr.mode) : hostKind.missing;
    const file = fileNumberOf(this.#host, kind);
    if (asked !== anyFile && asked !== file) return this.#contents.replacedAttributes(nodeId, out);
    if (code !== 0) {
      return code === errno.ENOENT && view.isAlwaysThere(node)
        ? this.#answers.synthetic(node, out)
        : errno.ENOENT;
    }
    if (asked !== file) return errno.ESTALE;
    const decided = view.decide(node, kind);
    if (decided <= 0) return errno.ENOENT;
    this.#answers.found(node, kind, file, decided, out);
    this.#answers.doubt(out);
    return 0;
  }

  readlink(nodeId: NodeId): Uint8Array | Errno {
    const view = this.#view;
    this.#begin();
    const node = this.#nodeOf(nodeId);
    if (node === -1 || !view.isVisible(node, hostKind.link)) return errno.ENOENT;
    return this.#host.readlink(view.paths.of(node)) ?? (view.isSure ? errno.EINVAL : errno.EIO);
  }

  // ---- content ------------------------------------------------------------------------------------------------------

  read(nodeId: NodeId, offset: number, into: Buffer, caller: Caller): Outcome {
    const view = this.#view;
    this.#begin();
    const node = this.#nodeOf(nodeId);
    if (node === -1) return failure(errno.ENOENT);
    if (!view.isVisible(node, hostKind.file) && !this.#contents.isReplaced(node, nodeId))
      return failure(errno.ENOENT);
    const count = this.#contents.read(node, nodeId, offset, into);
    if (count < 0) return count;
    if ((view.index.state[node]! & nodeState.read) === 0) {
      view.index.setState(node, nodeState.read);
      this.#uses.noteReader(node, caller);
      if (this.#trace) this.#uses.report(node, hostKind.file, true, caller, 'read');
    }
    return count;
  }

  /** Does something with the host path of a visible file; undefined for what only the view has. */
  #ofVisible(nodeId: NodeId, act: (path: Buffer | undefined) => Outcome): Outcome {
    const view = this.#view;
    this.#begin();
    const node = this.#nodeOf(nodeId);
    if (node === -1 || view.isUntouchable(node)) return failure(errno.ENOENT);
    const kind = this.#host.kind(view.paths.of(node));
    if (kind === hostKind.missing && view.isAlwaysThere(node)) return act(undefined);
    if (fileNumberOf(this.#host, kind) !== fileOf(nodeId)) return failure(errno.ESTALE);
    return view.isVisible(node, kind) ? act(view.paths.of(node)) : failure(errno.ENOENT);
  }

  // ---- directories --------------------------------------------------------------------------------------------------

  readdir(nodeId: NodeId, offset: number, caller: Caller, sink: DirectorySink): Errno {
    const view = this.#view;
    const index = view.index;
    const epoch = this.#begin();
    const directory = this.#directoryOf(nodeId);
    if (directory === -1 || !view.isVisibleDirectory(directory)) return errno.ENOENT;
    this.#watched?.isWatched(directory);
    const listing = this.#listings.of(directory, epoch, offset === 0 ? listingFreshMs : Infinity);
    if (typeof listing === 'number') return listing;
    if ((index.state[directory]! & nodeState.listed) === 0) {
      index.setState(directory, nodeState.listed);
      this.#uses.noteLister(directory, caller);
    }

    if (offset < dotOffset && !sink.add(dotName, nodeId, hostKind.directory, dotOffset)) return 0;
    if (offset < dotDotOffset) {
      const parentId = index.parent(directory) + 1;
      if (!sink.add(dotDotName, parentId, hostKind.directory, dotDotOffset)) return 0;
    }
    const { nodes, kinds } = this.#listings.entries(directory, listing);
    if (!view.isSure) {
      // The kernel keeps a listing for as long as it likes, so one with holes in it must not be given.
      this.#listings.delete(directory);
      if (this.#host.shortage !== undefined) return this.#host.shortage;
    }
    const withAttributes = sink.wantsAttributes && nodes.length <= attributesLimit && !this.#trace;
    for (let i = firstBehind(nodes, offset - childOffset); i < nodes.length; i++) {
      const node = nodes[i]!;
      const kind = kindOfType(kinds[i]!);
      const taken = withAttributes
        ? this.#addWithAttributes(node, kind, sink)
        : sink.add(index.name(node), this.#answers.inodeOf(node), kind, node + childOffset);
      if (!taken) break;
    }
    return 0;
  }

  /** True also for what is gone meanwhile and so needs no room. */
  #addWithAttributes(node: IndexNode, listedKind: HostKind, sink: DirectorySink): boolean {
    const view = this.#view;
    const { entry } = sink;
    const code = this.#host.stat(view.paths.of(node), entry.attr);
    if (code !== 0) {
      // What is there all the same says by itself what is wrong with it, when it is looked up.
      if (code !== errno.ENOENT)
        return sink.add(view.index.name(node), node + 1, listedKind, node + childOffset);
      if (!view.isAlwaysThere(node)) return true;
      this.#answers.synthetic(node, entry);
    } else {
      const kind = kindOfMode(entry.attr.mode);
      const file = fileNumberOf(this.#host, kind);
      const decided = view.decide(node, kind);
      if (decided <= 0) return true;
      if (kind !== listedKind) this.#listings.delete(view.index.parent(node));
      this.#answers.found(node, kind, file, decided, entry);
      this.#answers.doubt(entry);
      if (this.#uses.isAttributed(node, kind, decided)) entry.entryValid = 0;
    }
    if (!sink.addWithAttributes(view.index.name(node), node + childOffset)) return false;
    view.index.hold(node);
    return true;
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
    this.#answers.forget();
    this.#uses.forget();
  }

  #nodeOf(nodeId: NodeId): IndexNode | NoNode {
    const node = nodeOf(nodeId);
    return node < this.#view.index.nodeCount ? node : -1;
  }

  #directoryOf(nodeId: NodeId): IndexNode | NoNode {
    return fileOf(nodeId) === anyFile ? this.#nodeOf(nodeId) : -1;
  }

  #isReachable(node: IndexNode): boolean {
    return node === rootNode || this.#view.isVisibleDirectory(this.#view.index.parent(node));
  }
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
