/**
 * What a change of the view, of the packages or of the host makes wrong of what the kernel holds: names, missing names, attributes,
 * contents and listings. `liveChange.ts` says when it is to be collected and told.
 */
import type { PackageId } from '../base/index.js';
import { hostKind } from './host.js';
import { indexKind, nodeBehind, rootNode, type IndexNode } from './pathIndex.js';
import { fromBelow } from './room.js';
import { nodeState, type View } from './view.js';

/** How much of what is in a file, or of a listing, the kernel has to read anew. */
export type Dropped = 'all' | 'start';

/**
 * What the kernel forgets of a file that may have been used: its name and content; of its content the beginning, without which nobody reads
 * it; or nothing, where nobody wants to know.
 */
export type Forgotten = 'name' | 'start' | 'nothing';

/** How the kernel is told. Never called from a thread that serves. */
export interface KernelCaches {
  /** Drops a name, existing or missing, with what is cached below it. Waits for the directory's lock even when nothing is cached. */
  dropName(directory: IndexNode, name: Uint8Array): void;
  /** Drops attributes and the pages of a file, or the first of them, or the listing of a directory. */
  dropNode(node: IndexNode, content: Dropped): void;
}

/** Something that happened to a name in a directory of the host. */
export interface HostChange {
  readonly directory: IndexNode;
  readonly name: Uint8Array;
  /** The name came, went, or stands for another file; else the file's content or attributes changed. */
  readonly structural: boolean;
  /** The directory that had the name is gone from there, whether or not another has it now. */
  readonly replaced?: boolean;
}

/** How much there was to tell. */
export interface ChangeSummary {
  names: number;
  directories: number;
}

/** What an update of the index found: nodes with other owners, and the cpvs of packages that came, went or changed. */
export interface IndexUpdate {
  readonly nodes: Iterable<IndexNode>;
  readonly packages: Iterable<PackageId>;
}

const known = nodeState.positive | nodeState.negative | nodeState.listed;
/** A name that no directory has: only the lock matters. */
const noName = Buffer.from('.');
const cacheName = Buffer.from('__pycache__');

/** Collects what the kernel has to forget. */
export class Affected {
  readonly #view: View;
  readonly #before: { readonly visible: Uint32Array };
  readonly #names = new Set<IndexNode>();
  readonly #directories = new Set<IndexNode>();
  /** Files whose attributes or content may be others. */
  readonly #contents = new Set<IndexNode>();
  /** Those of them of which only it has to be seen that they are read. */
  readonly #starts = new Set<IndexNode>();
  /** By node: {@link #changedIn} has been there. A Set of a hundred thousand takes ten times as long. */
  #climbed: Uint8Array | undefined;
  /** Directories whose compiled modules have been looked at. */
  readonly #modules = new Set<IndexNode>();
  /** Names that the index does not know; the kernel may hold them as missing. */
  readonly #unknown: HostChange[] = [];

  constructor(view: View, before: { readonly visible: Uint32Array }) {
    this.#view = view;
    this.#before = before;
  }

  /**
   * A package has become visible or hidden. Most of its files the kernel knows nothing of: where it does not know the directory either, that
   * one of them comes or goes can only change what is above.
   */
  packageFlipped(id: number): void {
    const { index, visible } = this.#view;
    const { state } = index;
    const nodes = index.nodesOf(id);
    // Files of one directory mostly follow each other.
    let climbed: IndexNode | -1 = -1;
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i]!;
      const directory = index.parent(node);
      const isUnheard = directory !== rootNode && ((state[node]! | state[directory]!) & known) === 0;
      if (isUnheard && directory === climbed) continue;
      const is = index.ownerVisible(node, visible);
      if (index.ownerVisible(node, this.#before.visible) === is) continue;
      if (isUnheard) climbed = directory;
      else this.#nodeFlipped(node, is);
      this.#changedIn(directory);
    }
    this.entryFlipped(id);
  }

  #nodeFlipped(node: IndexNode, is: boolean): void {
    const { index, hasOverrides } = this.#view;
    const state = index.state[node]!;
    if ((state & (is ? nodeState.negative : nodeState.positive)) !== 0) {
      // Nothing but a glob or what is in it can show what all its owners hide.
      const isPlain = index.kind(node) === indexKind.obj || index.kind(node) === indexKind.sym;
      this.#check(node, is ? true : isPlain && !hasOverrides ? false : undefined);
    }
    this.#sourceChanged(node);
  }

  /** A package's VDB entry may have appeared or vanished. */
  entryFlipped(id: number): void {
    const entry = this.#view.entryOf(id);
    if (entry !== -1) this.#entryChanged(entry);
  }

  /** Another view came or went at a path: with all that is below, it may not be looked at, or may be again. */
  avoidedFlipped(node: IndexNode): void {
    this.#names.add(node);
    this.#directories.add(this.#view.index.parent(node));
    this.#treeReplaced(node);
  }

  #entryChanged(entry: IndexNode): void {
    const { index } = this.#view;
    const category = index.parent(entry);
    for (const node of [entry, category]) {
      if ((index.state[node]! & known) !== 0) this.#check(node);
      this.#directories.add(index.parent(node));
    }
  }

  /** Packages were merged or unmerged on the host: paths came or went, and files have other content. */
  updated(update: IndexUpdate): void {
    const view = this.#view;
    const { index } = view;
    for (const node of update.nodes) this.#pathUpdated(node);
    for (const cpv of update.packages) {
      const id = index.packageId(cpv);
      if (id >= 0) for (const node of index.nodesOf(id)) this.#pathUpdated(node);
      const entry = view.entryFor(cpv);
      this.#names.add(entry);
      this.#names.add(index.parent(entry));
      this.#entryChanged(entry);
      this.#treeUpdated(entry);
    }
  }

  #pathUpdated(node: IndexNode): void {
    const { index } = this.#view;
    const directory = index.parent(node);
    // A name that was missing may be cached without a bit, as the index did not know it then.
    const isCachedDirectory =
      (index.kind(node) === indexKind.dir || index.firstChild(node) !== -1) &&
      (index.state[node]! & nodeState.positive) !== 0;
    if (isCachedDirectory) this.#check(node);
    else if (directory === rootNode || (index.state[directory]! & known) !== 0) this.#names.add(node);
    if ((index.state[node]! & known) !== 0) this.#contents.add(node);
    this.#changedIn(directory);
  }

  /**
   * A name changed on the host. A directory that is still there is not dropped: something may be mounted on or below it. Another one in its
   * place is: what the first lacked may be there.
   */
  changedOnHost(change: HostChange): void {
    const { index, host, paths } = this.#view;
    const { directory, structural } = change;
    const node = index.find(directory, change.name);
    if (node === -1) {
      if (structural) {
        this.#unknown.push(change);
        this.#changedIn(directory);
      }
      return;
    }
    if (!this.#view.mayBeAsked(node)) return;
    this.#contents.add(node);
    if (!structural) return;
    this.#changedIn(directory);
    if (host.kind(paths.of(node)) === hostKind.directory && change.replaced !== true) {
      const state = index.state[node]!;
      const wasFile = (state & nodeState.positive) !== 0 && (state & nodeState.directory) === 0;
      if (wasFile || (state & nodeState.negative) !== 0) this.#names.add(node);
    } else if (!this.#view.isAlwaysThere(node)) this.#names.add(node);
    this.#directories.add(node);
    this.#treeReplaced(node);
  }

  /** What the kernel knows below a directory that may be another one now. */
  #treeReplaced(directory: IndexNode): void {
    const { index } = this.#view;
    for (let child = index.firstChild(directory); child !== -1; child = index.nextSibling(child)) {
      if ((index.state[child]! & known) !== 0) {
        this.#contents.add(child);
        this.#directories.add(child);
        if (!this.#view.isAlwaysThere(child)) this.#names.add(child);
      }
      this.#treeReplaced(child);
    }
  }

  /** Everything that the kernel may hold. */
  everything(): void {
    this.recheckKnown(true);
    const { index, host, paths } = this.#view;
    const { state, nodeCount } = index;
    for (let node = rootNode; node < nodeCount; node = nodeBehind(node)) {
      if ((state[node]! & known) === 0 || !this.#view.mayBeAsked(node)) continue;
      this.#contents.add(node);
      // A directory that is still there is not dropped: something may be mounted on or below it.
      if (host.kind(paths.of(node)) !== hostKind.directory && !this.#view.isAlwaysThere(node))
        this.#names.add(node);
    }
  }

  /** What was used or refused. A directory's name says nothing of a use, and something may be mounted below it. */
  used(forgotten: (node: IndexNode) => Forgotten): void {
    const { index } = this.#view;
    const { state, nodeCount } = index;
    for (let node = rootNode; node < nodeCount; node = nodeBehind(node)) {
      const bits = state[node]!;
      if ((bits & (known | nodeState.read)) === 0 || this.#view.isUntouchable(node)) continue;
      if ((bits & nodeState.listed) !== 0) this.#directories.add(node);
      if ((bits & nodeState.negative) !== 0) this.#names.add(node);
      const isFile = (bits & nodeState.positive) !== 0 && (bits & nodeState.directory) === 0;
      if (!isFile && (bits & nodeState.read) === 0) continue;
      const what = forgotten(node);
      if (what === 'nothing') continue;
      if ((bits & nodeState.read) !== 0) {
        index.clearState(node, nodeState.read);
        this.#contents.add(node);
        if (what === 'start' && !isReadFromEnd(index.name(node))) this.#starts.add(node);
      }
      if (isFile && what === 'name') this.#names.add(node);
    }
  }

  #treeUpdated(directory: IndexNode): void {
    const { index } = this.#view;
    for (let child = index.firstChild(directory); child !== -1; child = index.nextSibling(child)) {
      this.#names.add(child);
      this.#contents.add(child);
      this.#treeUpdated(child);
    }
  }

  /** Looks again at what hangs on more than its own owners, and with `all` at everything that the kernel may hold. */
  recheckKnown(all: boolean): void {
    const { index } = this.#view;
    const { state, nodeCount } = index;
    for (let node = rootNode; node < nodeCount; node = nodeBehind(node)) {
      const bits = state[node]!;
      if ((bits & known) === 0) continue;
      const conditional = (bits & nodeState.conditional) !== 0;
      if (all || conditional || (!index.isOwned(node) && this.#view.hangsOnPackages(node))) {
        this.#check(node);
        if (all || conditional) this.#directories.add(node);
      }
      if ((bits & nodeState.linked) !== 0) this.#contents.add(node);
    }
  }

  /** Looks again at what may hang on a file elsewhere: links on what they lead to. */
  recheckUnowned(): void {
    const { index } = this.#view;
    const { state, nodeCount } = index;
    for (let node = rootNode; node < nodeCount; node = nodeBehind(node)) {
      if ((state[node]! & known) !== 0 && !index.isOwned(node) && this.#view.hangsOnPackages(node))
        this.#check(node);
    }
  }

  /** Notes a name if the kernel may hold the wrong thing of it. `visible`: what is right, when that is known. */
  #check(node: IndexNode, visible?: boolean): void {
    const view = this.#view;
    const { index } = view;
    const state = index.state[node]!;
    if ((state & (nodeState.positive | nodeState.negative)) === 0 || view.isUntouchable(node)) return;
    if (visible === undefined && !view.isVisibleDirectory(index.parent(node))) visible = false;
    if (visible === undefined) {
      const kind = view.host.kind(view.paths.of(node));
      visible = kind === hostKind.missing ? view.isAlwaysThere(node) : view.isVisible(node, kind);
    }
    if ((state & (visible ? nodeState.negative : nodeState.positive)) === 0) return;
    this.#names.add(node);
    this.#directories.add(index.parent(node));
    if (!index.isOwned(node)) this.#sourceChanged(node);
  }

  /** A Python module has come or gone: so do its compiled forms beside it, for which rule 6 stands. */
  #sourceChanged(node: IndexNode): void {
    const { index } = this.#view;
    const directory = index.parent(node);
    if (this.#modules.has(directory) || !isModule(index.name(node))) return;
    this.#modules.add(directory);
    const cache = index.find(directory, cacheName);
    if (cache === -1) return;
    this.#check(cache);
    this.#directories.add(cache);
    for (let at = index.firstChild(cache); at !== -1; at = index.nextSibling(at)) {
      this.#check(at);
    }
  }

  /** Something in a directory has come or gone: its listing, and perhaps whether it is there itself. */
  #changedIn(directory: IndexNode): void {
    const { index, visible } = this.#view;
    const climbed = (this.#climbed ??= new Uint8Array(index.nodeCount));
    for (let at = directory; climbed[at] !== 1; at = index.parent(at)) {
      climbed[at] = 1;
      const isKnown = (index.state[at]! & known) !== 0;
      if (isKnown || at === rootNode) this.#directories.add(at);
      if (at === rootNode) return;
      if (index.ownerVisible(at, this.#before.visible) && index.ownerVisible(at, visible)) return;
      if (isKnown) this.#check(at);
    }
  }

  tell(caches: KernelCaches): ChangeSummary {
    const { index } = this.#view;
    const names = fromBelow(index, this.#names);
    for (const node of names) {
      index.clearState(node, nodeState.positive | nodeState.negative);
      caches.dropName(index.parent(node), index.name(node));
    }
    for (const { directory, name } of this.#unknown) caches.dropName(directory, name);
    for (const node of this.#contents) caches.dropNode(node, this.#starts.has(node) ? 'start' : 'all');
    let directories = 0;
    for (const node of this.#directories) {
      const state = index.state[node]!;
      if ((state & (nodeState.listed | nodeState.positive)) === 0 && node !== rootNode) continue;
      directories++;
      if ((state & nodeState.listed) !== 0) {
        index.clearState(node, nodeState.listed);
        caches.dropName(node, noName);
      }
      caches.dropNode(node, 'all');
    }
    return { names: names.length, directories };
  }
}

/** Whether a file may be read without its beginning: an archive whose list stands at its end. */
function isReadFromEnd(name: Uint8Array): boolean {
  return /\.(?:zip|jar|whl|egg)$/.test(Buffer.from(name).toString('latin1'));
}

function isModule(name: Uint8Array): boolean {
  const end = name.length;
  return end > 3 && name[end - 3] === 0x2e && name[end - 2] === 0x70 && name[end - 1] === 0x79;
}
