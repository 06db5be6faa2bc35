/**
 * What decides in a view and is shared by all threads: one bit a package, the globs in force, what may not be asked about, and the tables of what was found
 * out. The *epoch* numbers the states of that memory. What was found out by searching is remembered in one of two
 * tables, by the parity of the epoch; the table of the next epoch is cleared before it begins, and no thread can still be
 * writing to it, as a change ends only when all requests of the epoch before it have been answered.
 */
import { LvfsError, parseJson } from '../../base/index.js';
import type { Host } from '../host.js';
import { hostBytes } from '../hostPaths.js';
import {
  nodeAt,
  rootNode,
  type IndexNode,
  type NoNode,
  type PathIndex,
  type SharedIndex,
} from '../pathIndex.js';
import type { Overrides, ViewSettings } from '../rules.js';
import { isOverrides } from '../rules.js';

/** Bits of {@link PathIndex.state}. */
export const nodeState = {
  /** The kernel may hold the name as existing, with attributes. */
  positive: 1,
  /** The kernel may hold the name as missing. */
  negative: 2,
  /** The kernel may hold the directory's listing. */
  listed: 4,
  /** The content was read through the view. */
  read: 8,
  /**
   * The directory's visibility or listing hangs on unowned names in it (links, system paths), or the file is a compiled cache: a
   * change anywhere may change it.
   */
  conditional: 16,
  /** The kernel may hold a link count of a file with several names. */
  linked: 32,
  /** Changes of names in the directory are noticed and told to the kernel. */
  watched: 64,
  /** What the kernel may hold of the name is a directory. */
  directory: 128,
} as const;

/** What other threads need to `View.attach`; can be cloned. */
export interface SharedView {
  readonly settings: ViewSettings;
  readonly index: SharedIndex;
  readonly control: SharedArrayBuffer;
  readonly memo: SharedArrayBuffer;
}

/** What `View.change` changes; what is not given stays. */
export interface StateChange {
  visible?: Iterable<number>;
  metadataOnly?: Iterable<number>;
  overrides?: Overrides;
  /** Packages of the index, or the host's files, have changed. */
  packagesChanged?: boolean;
  /** Host paths, resolved, that may not be asked about, nor anything below them: the mount points of all other views. */
  avoided?: Iterable<string>;
}

/** Words at the start of the control memory. */
const wordEpoch = 0;
const wordOverrides = 1;
const wordPlaces = 2;
const wordOverrideBytes = 3;
const wordAvoided = 4;
const wordGivenBack = 5;
/** The nodes that are avoided follow; this is their number at most. */
const avoidedCapacity = 240;
const firstAvoided = 16;
const controlWords = firstAvoided + avoidedCapacity;
const overrideCapacity = 1 << 18;

/** Bits of a node in the memo tables. */
export const memoBits = {
  totalYes: 1,
  totalNo: 2,
  belowYes: 4,
  belowNo: 8,
  cachesYes: 16,
  cachesNo: 32,
  /** With {@link memoBits.belowNo}: whichever packages are visible. */
  belowNever: 64,
} as const;

/** The shared state of a view, as one thread sees it. */
export class ViewState {
  readonly index: PathIndex;
  readonly settings: ViewSettings;
  /** Packages whose files are visible: bit `id % 32` of word `id / 32`. */
  readonly visible: Uint32Array;
  /** Packages whose VDB entry is visible although their files are not, as {@link visible}. */
  readonly metadataOnly: Uint32Array;
  readonly mountPoint: IndexNode | NoNode;
  /** The mount points of other views. */
  readonly avoided = new Set<IndexNode>();
  /** What was found out about each node in the state that was taken up last: {@link memoBits}. */
  memo: Uint8Array;
  /** The state that was taken up last. */
  epoch = -1;
  readonly #host: Pick<Host, 'failures'>;
  /** {@link Host.failures} when the present request began. */
  #failures = 0;
  readonly #control: Int32Array<SharedArrayBuffer>;
  readonly #overrideBytes: Uint8Array;
  readonly #memoBuffer: SharedArrayBuffer;
  readonly #memos: readonly [Uint8Array, Uint8Array];

  constructor(index: PathIndex, shared: Omit<SharedView, 'index'>, host: Pick<Host, 'failures'>) {
    this.index = index;
    this.#host = host;
    this.settings = shared.settings;
    this.#control = new Int32Array(shared.control, 0, controlWords);
    const words = bitWords(index);
    this.visible = new Uint32Array(shared.control, controlWords * 4, words);
    this.metadataOnly = new Uint32Array(shared.control, (controlWords + words) * 4, words);
    this.#overrideBytes = new Uint8Array(shared.control, (controlWords + 2 * words) * 4, overrideCapacity);
    this.#memoBuffer = shared.memo;
    this.#memos = [index.memo, new Uint8Array(shared.memo)];
    this.memo = this.#memos[0];
    const { mountPoint, root } = shared.settings;
    this.mountPoint =
      mountPoint === undefined || !isBelow(mountPoint, root)
        ? -1
        : ensureAll(index, hostBytes(mountPoint).slice(hostBytes(root).length));
  }

  /** The memory of a view that is to be made. */
  static memory(index: PathIndex): Pick<SharedView, 'control' | 'memo'> {
    return {
      control: new SharedArrayBuffer((controlWords + 2 * bitWords(index)) * 4 + overrideCapacity),
      memo: new SharedArrayBuffer(index.capacity.nodes),
    };
  }

  /** What other threads attach to. */
  share(): SharedView {
    return {
      settings: this.settings,
      index: this.index.share(),
      control: this.#control.buffer,
      memo: this.#memoBuffer,
    };
  }

  /** The number of the state that there is. */
  get currentEpoch(): number {
    return Atomics.load(this.#control, wordEpoch);
  }

  /** A request begins. */
  begin(): void {
    this.#failures = this.#host.failures;
  }

  /** Whether the host could always say what is there since the request began. */
  get isSure(): boolean {
    return this.#host.failures === this.#failures;
  }

  /** From now on this thread sees a state. */
  takeUp(epoch: number): void {
    this.epoch = epoch;
    this.memo = this.#memos[epoch & 1]!;
    this.avoided.clear();
    for (let i = 0; i < this.#control[wordAvoided]!; i++)
      this.avoided.add(nodeAt(this.#control[firstAvoided + i]!));
  }

  /** How often the packages of the index, or the host's files, have changed. */
  get placesVersion(): number {
    return this.#control[wordPlaces]!;
  }

  /** How often the globs have changed. */
  get overridesVersion(): number {
    return this.#control[wordOverrides]!;
  }

  /** How often nodes have been given back. */
  get timesGivenBack(): number {
    return Atomics.load(this.#control, wordGivenBack);
  }

  /** Nodes have been given back. */
  noteGivenBack(): void {
    Atomics.add(this.#control, wordGivenBack, 1);
  }

  /** The globs in force. */
  get overrides(): Overrides {
    const length = this.#control[wordOverrideBytes]!;
    if (length === 0) return { show: [], hide: [] };
    const overrides = parseJson(Buffer.from(this.#overrideBytes.slice(0, length)).toString(), isOverrides);
    if (overrides === undefined) throw new Error('the globs that threads share are none');
    return overrides;
  }

  /**
   * Begins a new state, all at once. The caller sees to it that no answers from the old one survive, and that all
   * requests begun before have been answered when it calls this again (see `LiveChanges`).
   * @throws LvfsError `TOO_MANY_RULES` when the globs do not fit in the memory kept for them; then nothing has changed.
   */
  change(to: StateChange): void {
    const bytes = to.overrides === undefined ? undefined : encodeOverrides(to.overrides);
    const control = this.#control;
    const next = this.#memos[(control[wordEpoch]! + 1) & 1]!;
    if (isFlip(to)) keepNever(this.#memos[control[wordEpoch]! & 1]!, next, this.index.nodeCount);
    else next.fill(0, 0, this.index.nodeCount);
    if (bytes !== undefined) {
      this.#overrideBytes.set(bytes);
      control[wordOverrideBytes] = bytes.length;
      control[wordOverrides] = control[wordOverrides]! + 1;
    }
    const { length } = this.visible;
    if (to.visible !== undefined) this.visible.set(bitsOf(to.visible, length));
    if (to.metadataOnly !== undefined) this.metadataOnly.set(bitsOf(to.metadataOnly, length));
    if (to.avoided !== undefined) this.#setAvoided(to.avoided);
    if (to.packagesChanged === true) control[wordPlaces] = control[wordPlaces]! + 1;
    Atomics.add(control, wordEpoch, 1);
  }

  /** See `View.wouldChange`. */
  wouldChange({ visible, metadataOnly, overrides, ...rest }: StateChange): boolean {
    const differs = (now: Uint32Array, ids: Iterable<number> | undefined): boolean => {
      const next = ids === undefined ? now : bitsOf(ids, now.length);
      return next.some((word, i) => word !== now[i]);
    };
    return (
      Object.values(rest).some((value) => value !== undefined) ||
      (overrides !== undefined && JSON.stringify(overrides) !== JSON.stringify(this.overrides)) ||
      differs(this.visible, visible) ||
      differs(this.metadataOnly, metadataOnly)
    );
  }

  #setAvoided(paths: Iterable<string>): void {
    const { root } = this.settings;
    let count = 0;
    for (const path of paths) {
      if (!isBelow(path, root) || count === avoidedCapacity) continue;
      const node = ensureAll(this.index, hostBytes(path).slice(hostBytes(root).length));
      this.#control[firstAvoided + count++] = node;
    }
    this.#control[wordAvoided] = count;
  }

  /** Whether the files of a package are visible. */
  isVisible(packageId: number): boolean {
    return isSet(this.visible, packageId);
  }

  /** Whether the VDB entry of a package is. */
  isListed(packageId: number): boolean {
    return (
      (isSet(this.visible, packageId) || isSet(this.metadataOnly, packageId)) && this.index.isLive(packageId)
    );
  }

  /**
   * Remembers one of some bits of a node: what is found out last is what counts, for it may have been asked on the way to itself. What is not
   * sure is not remembered.
   */
  note(node: IndexNode, bits: number, found: number): void {
    if (!this.isSure) return;
    this.memo[node] = (this.memo[node]! & ~bits) | found;
  }

  /** See `View.isUntouchable`. */
  isUntouchable(node: IndexNode): boolean {
    return node === this.mountPoint || (this.avoided.size !== 0 && this.avoided.has(node));
  }

  /** See `View.mayBeAsked`. */
  mayBeAsked(node: IndexNode): boolean {
    for (let at = node; ; at = this.index.parent(at)) {
      if (this.isUntouchable(at)) return false;
      if (at === rootNode) return true;
    }
  }
}

/** Whether nothing but the visibility of packages changes. */
function isFlip({ visible, metadataOnly, overrides, avoided, packagesChanged }: StateChange): boolean {
  const isOther = overrides !== undefined || avoided !== undefined || packagesChanged === true;
  return !isOther && (visible !== undefined || metadataOnly !== undefined);
}

/** Begins a table with what holds whichever packages are visible. */
function keepNever(now: Uint8Array, next: Uint8Array, nodes: number): void {
  for (let i = 0; i < nodes; i++)
    next[i] = (now[i]! & memoBits.belowNever) === 0 ? 0 : memoBits.belowNever | memoBits.belowNo;
}

function bitWords(index: PathIndex): number {
  return Math.ceil(index.packageCapacity / 32);
}

/** The globs as they are kept in shared memory. */
function encodeOverrides({ show, hide }: Overrides): Uint8Array {
  const bytes = Buffer.from(JSON.stringify({ show, hide }));
  if (bytes.length > overrideCapacity) {
    throw new LvfsError('TOO_MANY_RULES', `${show.length + hide.length} show and hide patterns are too many`);
  }
  return bytes;
}

function isSet(bits: Uint32Array, id: number): boolean {
  return ((bits[id >>> 5]! >>> (id & 31)) & 1) === 1;
}

function bitsOf(ids: Iterable<number>, words: number): Uint32Array {
  const bits = new Uint32Array(words);
  for (const id of ids) bits[id >>> 5]! |= 1 << (id & 31);
  return bits;
}

function isBelow(path: string, root: string): boolean {
  return root === '/' || path.startsWith(root.endsWith('/') ? root : `${root}/`);
}

/** The node of a path (latin1) taken as it is written. */
export function ensureAll(index: PathIndex, path: string): IndexNode {
  let node = rootNode;
  for (const name of path.split('/')) {
    if (name !== '' && name !== '.') node = index.ensure(node, Buffer.from(name, 'latin1'));
  }
  return node;
}
