/**
 * Which paths exist inside the view, and by which rule. This file decides about one path; `liveChange.ts` changes what is
 * visible under a mounted view.
 *
 * All that decides is in shared memory (the index, one bit a package, the overrides), so that every thread gives the
 * same answer. The *epoch* numbers the states of that memory: a thread calls {@link View.begin} before each request and
 * then sees, to the end of the request, at least that state. What was found out by searching is remembered in one of two
 * tables, by the parity of the epoch; the table of the next epoch is cleared before it begins, and no thread can still be
 * writing to it, as a change ends only when all requests of the epoch before it have been answered.
 *
 * Deciding about directories and links is a search for something visible at the other end of "is in" and "leads to": an
 * alternative of alternatives, so a search that meets itself has nothing to add there. A negative answer that
 * was found while part of the search was still open is not remembered.
 */
import { LvfsError, silent, type Logger } from '../base/index.js';
import { leftOut, type Made } from './compiled/sources.js';
import { CompiledCaches } from './compiledCaches.js';
import { GlobSet } from './globs.js';
import { hostKind, type Host, type HostKind, type HostListing } from './host.js';
import { hostBytes, HostPaths, latin1 } from './hostPaths.js';
import { LinkedPlaces } from './linkedPlaces.js';
import { rootNode, type IndexNode, type PathIndex, type SharedIndex } from './pathIndex.js';
import { Resolver, type Resolved } from './resolver.js';
import {
  entryPath,
  Places,
  rule,
  type Area,
  type Overrides,
  type Rule,
  type SystemGlob,
  type ViewSettings,
} from './rules.js';

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

/** What other threads need to {@link View.attach}; can be cloned. */
export interface SharedView {
  readonly settings: ViewSettings;
  readonly index: SharedIndex;
  readonly control: SharedArrayBuffer;
  readonly memo: SharedArrayBuffer;
}

/** What {@link View.change} changes; what is not given stays. */
export interface StateChange {
  visible?: Iterable<number>;
  metadataOnly?: Iterable<number>;
  overrides?: Overrides;
  /** Packages of the index, or the host's files, have changed. */
  packagesChanged?: boolean;
  /** Host paths, resolved, that may not be asked about, nor anything below them: the mount points of all other views. */
  avoided?: Iterable<string>;
}

/** Entries that a search of the host for visible links looks at before it gives up. */
const searchLimit = 20_000;
/** What is remembered about paths at most. */
const rememberedPaths = 100_000;

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

// Bits of a node in the memo tables.
const totalYes = 1;
const totalNo = 2;
const belowYes = 4;
const belowNo = 8;
const cachesYes = 16;
const cachesNo = 32;

/** What a search found below a directory. `open`: nothing, but part of it was still being searched. */
const enum Found {
  no,
  yes,
  open,
}

interface Search {
  readonly top: IndexNode;
  readonly entered: Set<IndexNode>;
  /** How often it has met a directory that it was still searching. */
  met: number;
  /** Entries it may still look at. */
  left: number;
}

/** A link and the directories that {@link View.linkDirectories} tells of. */
interface Followed {
  readonly link: IndexNode;
  readonly directories: ReadonlySet<IndexNode>;
}

/** Globs of the system paths as a directory has to do with them, whether their packages are visible or not. */
interface DirectoryGlobs {
  /** Those that may match something below it. */
  readonly reaching: readonly SystemGlob[];
  /** Those that match it or a directory above it, the nearest first. */
  readonly matching: readonly SystemGlob[];
}

/** The rules of a view over an index and a host. One for each thread. */
export class View {
  readonly index: PathIndex;
  readonly settings: ViewSettings;
  readonly host: Host;
  /** Where the host keeps what the view shows. */
  readonly paths: HostPaths;
  readonly #names: HostPaths;
  readonly #resolver: Resolver;
  /** Follows links through private trees as well. */
  readonly #unbounded: Resolver;
  readonly #caches: CompiledCaches;
  readonly #log: Logger;
  readonly #control: Int32Array;
  readonly #visible: Uint32Array;
  readonly #metadata: Uint32Array;
  readonly #overrideBytes: Uint8Array;
  readonly #memoBuffer: SharedArrayBuffer;
  readonly #memos: readonly [Uint8Array, Uint8Array];
  readonly #mountPoint: IndexNode | -1;
  /** The mount points of other views. */
  readonly #avoided = new Set<IndexNode>();
  readonly #scratch = Buffer.alloc(256);
  #memo: Uint8Array;
  #epoch = -1;
  #overridesSeen = -1;
  #placesSeen = -1;
  #givenBackSeen = 0;
  #places!: Places;
  /** The `etc` of the root, or of the prefix, and of the sysroot. */
  #etc: readonly IndexNode[] = [];
  #show = new GlobSet([]);
  #hide = new GlobSet([]);
  #hasOverrides = false;
  readonly #overrideRules = new Map<IndexNode, Rule | 0>();
  /** The globs of the system paths that matter in a directory; as long as the places are the same. */
  readonly #directoryGlobs = new Map<IndexNode, DirectoryGlobs>();
  /** Whether a package has anything in a directory, where this matters; as long as the places are the same. */
  readonly #used = new Map<IndexNode, boolean>();
  /** Whether a visible package has anything in a place of the kind `beside`; as long as the epoch is the same. */
  readonly #besideVisible = new Map<IndexNode, boolean>();
  #isFullSaid = false;
  #search: Search | undefined;
  #followed: Followed | undefined;
  /** Directories of which {@link #noteLimit} has told. */
  readonly #noted = new Set<IndexNode>();

  private constructor(index: PathIndex, host: Host, log: Logger, shared: Omit<SharedView, 'index'>) {
    this.index = index;
    this.host = host;
    this.settings = shared.settings;
    this.#log = log;
    this.#control = new Int32Array(shared.control, 0, controlWords);
    const words = bitWords(index);
    this.#visible = new Uint32Array(shared.control, controlWords * 4, words);
    this.#metadata = new Uint32Array(shared.control, (controlWords + words) * 4, words);
    this.#overrideBytes = new Uint8Array(shared.control, (controlWords + 2 * words) * 4, overrideCapacity);
    this.#memoBuffer = shared.memo;
    this.#memos = [index.memo, new Uint8Array(shared.memo)];
    this.#memo = this.#memos[0];

    const root = hostBytes(shared.settings.root);
    const grafts = new Map<IndexNode, string>();
    this.#names = new HostPaths(index, '', new Map());
    this.paths = new HostPaths(index, root, grafts);
    const resolver = (isOutOfBounds: (node: IndexNode) => boolean): Resolver =>
      new Resolver(index, this.paths, host, (node) => this.isUntouchable(node), isOutOfBounds);
    this.#resolver = resolver((node) => this.#isOutOfBounds(node));
    this.#unbounded = resolver(() => false);
    this.#caches = new CompiledCaches(this, log);
    const { mountPoint } = shared.settings;
    this.#mountPoint =
      mountPoint === undefined || !isBelow(mountPoint, shared.settings.root)
        ? -1
        : ensureAll(index, hostBytes(mountPoint).slice(root.length));
    for (const graft of shared.settings.grafts) grafts.set(this.#locate(graft.path), hostBytes(graft.host));
    this.begin();
  }

  /**
   * A view in which no package is visible yet; see {@link setVisible}. The index must not be changed in a way that
   * moves its memory any more.
   */
  static create(index: PathIndex, settings: ViewSettings, host: Host, log: Logger = silent): View {
    index.share();
    const control = new SharedArrayBuffer((controlWords + 2 * bitWords(index)) * 4 + overrideCapacity);
    const memo = new SharedArrayBuffer(index.capacity.nodes);
    const view = new View(index, host, log, { settings, control, memo });
    view.change({ overrides: settings.overrides });
    return view;
  }

  /** The same view in another thread. `index` must be attached to the same memory. */
  static attach(index: PathIndex, shared: SharedView, host: Host, log: Logger = silent): View {
    return new View(index, host, log, shared);
  }

  /** What other threads attach to. */
  share(): SharedView {
    return {
      settings: this.settings,
      index: this.index.share(),
      control: this.#control.buffer as SharedArrayBuffer,
      memo: this.#memoBuffer,
    };
  }

  // ---- the state that decides ---------------------------------------------------------------------------------------

  /** Notes the current state before a request; returns its number. */
  begin(): number {
    const epoch = Atomics.load(this.#control, wordEpoch);
    if (epoch !== this.#epoch) this.#takeUp(epoch);
    return epoch;
  }

  #takeUp(epoch: number): void {
    this.#epoch = epoch;
    this.host.forget();
    this.#besideVisible.clear();
    this.#memo = this.#memos[epoch & 1]!;
    if (this.timesGivenBack !== this.#givenBackSeen) this.#forgetNodes();
    this.#avoided.clear();
    for (let i = 0; i < this.#control[wordAvoided]!; i++)
      this.#avoided.add(this.#control[firstAvoided + i] as IndexNode);
    const places = this.#control[wordPlaces]!;
    if (places !== this.#placesSeen) {
      this.#placesSeen = places;
      this.#directoryGlobs.clear();
      this.#used.clear();
      const linked = new LinkedPlaces({
        index: this.index,
        host: this.host,
        paths: this.paths,
        resolver: this.#unbounded,
        pathOf: (node) => this.pathOf(node),
        isUntouchable: (node) => this.isUntouchable(node),
      });
      const locate = (path: string): IndexNode => this.#locate(path);
      this.#places = new Places(this.index, this.settings, locate, this.#placeOf, linked);
      const { prefix = '', sysroot } = this.settings;
      this.#etc = [prefix, ...(sysroot === undefined ? [] : [sysroot])].map((place) =>
        this.#locate(`${place}/etc`),
      );
    }
    const overrides = this.#control[wordOverrides]!;
    if (overrides !== this.#overridesSeen) {
      this.#overridesSeen = overrides;
      const bytes = this.#overrideBytes.slice(0, this.#control[wordOverrideBytes]);
      const { show, hide } = (
        bytes.length === 0 ? { show: [], hide: [] } : JSON.parse(Buffer.from(bytes).toString())
      ) as Overrides;
      this.#show = new GlobSet(show, this.#placeOf);
      this.#hide = new GlobSet(hide, this.#placeOf);
      this.#hasOverrides = !this.#show.isEmpty || !this.#hide.isEmpty;
      this.#overrideRules.clear();
    }
  }

  /** Packages whose files are visible: bit `id % 32` of word `id / 32`. To be changed with {@link setVisible} only. */
  get visible(): Uint32Array {
    return this.#visible;
  }

  /** Packages whose VDB entry is visible although their files are not, as {@link visible}. */
  get metadataOnly(): Uint32Array {
    return this.#metadata;
  }

  /** The globs in force. */
  get overrides(): Overrides {
    const length = this.#control[wordOverrideBytes]!;
    if (length === 0) return { show: [], hide: [] };
    return JSON.parse(Buffer.from(this.#overrideBytes.slice(0, length)).toString()) as Overrides;
  }

  /** Begins a new state with these packages; see {@link change}. */
  setVisible(visible: Iterable<number>, metadataOnly: Iterable<number>): void {
    this.change({ visible, metadataOnly });
  }

  /** Begins a new state after packages of the index, or the host's files, have changed; see {@link change}. */
  packagesChanged(): void {
    this.change({ packagesChanged: true });
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
    next.fill(0, 0, this.index.nodeCount);
    if (bytes !== undefined) {
      this.#overrideBytes.set(bytes);
      control[wordOverrideBytes] = bytes.length;
      control[wordOverrides] = control[wordOverrides]! + 1;
    }
    if (to.visible !== undefined) setBits(this.#visible, to.visible);
    if (to.metadataOnly !== undefined) setBits(this.#metadata, to.metadataOnly);
    if (to.avoided !== undefined) this.#setAvoided(to.avoided);
    if (to.packagesChanged === true) control[wordPlaces] = control[wordPlaces]! + 1;
    Atomics.add(control, wordEpoch, 1);
    this.begin();
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

  /**
   * Gives back nodes of the index: see {@link PathIndex.giveBack}, also for when this may be called. What the kernel has been told of
   * stays, and what the rules of a view begin with.
   *
   * @returns how many were given back
   */
  giveBack(nodes: readonly IndexNode[]): number {
    const { state } = this.index;
    const told = nodeState.positive | nodeState.negative;
    const given = this.index.giveBack(
      nodes.filter(
        (node) => (state[node]! & told) === 0 && !this.isUntouchable(node) && !this.paths.isGraft(node),
      ),
    );
    if (given === 0) return 0;
    Atomics.add(this.#control, wordGivenBack, 1);
    // The places are made anew, of nodes that may be others.
    this.change({ packagesChanged: true });
    return given;
  }

  /** How often nodes have been given back: whoever remembers any that are not settled forgets them then. */
  get timesGivenBack(): number {
    return Atomics.load(this.#control, wordGivenBack);
  }

  #forgetNodes(): void {
    this.#givenBackSeen = this.timesGivenBack;
    for (const paths of [this.paths, this.#names]) paths.forget();
    for (const resolver of [this.#resolver, this.#unbounded]) resolver.forget();
    this.#overrideRules.clear();
    this.#noted.clear();
    this.#followed = undefined;
    this.#isFullSaid = false;
  }

  /** Mount points of other views, which may not be asked about. */
  get avoided(): ReadonlySet<IndexNode> {
    return this.#avoided;
  }

  // ---- answers ------------------------------------------------------------------------------------------------------

  /**
   * The rule for a path that exists on the host as a file of type `kind`, provided that the directories above it are
   * visible. Positive: visible.
   */
  decide(node: IndexNode, kind: HostKind): Rule {
    const decided = this.#decideByRules(node, kind);
    const mayBeCache =
      (decided === rule.owned || decided === rule.system) &&
      kind === hostKind.file &&
      (this.#caches.isNamedLikeOne(node) || this.#mayHoldCaches(this.index.parent(node)));
    return mayBeCache ? this.#decideCache(node, decided) : decided;
  }

  #decideByRules(node: IndexNode, kind: HostKind): Rule {
    if (this.isUntouchable(node)) return rule.hide;
    if (this.#hasOverrides) {
      const decided = this.#overrideRule(node);
      if (decided !== 0) return decided;
    }
    if (this.index.ownerVisible(node, this.#visible)) return rule.owned;
    if (kind === hostKind.directory) return this.#decideDirectory(node);
    if (this.index.isOwned(node)) return rule.hiddenOwner;
    if (kind === hostKind.link) {
      const end = this.#isInBounds(this.index.parent(node), node) ? this.#follow(node) : undefined;
      if (end !== undefined && this.decide(end.node, end.kind) > 0) return rule.symlink;
    } else if (kind === hostKind.file && this.#isCacheOfVisible(node)) {
      return rule.cache;
    }
    return this.#systemRule(node);
  }

  #mayHoldCaches(directory: IndexNode): boolean {
    const known = this.#memo[directory]! & (cachesYes | cachesNo);
    if (known !== 0) return known === cachesYes;
    const yes = this.#caches.isIn(directory);
    this.#memo[directory]! |= yes ? cachesYes : cachesNo;
    return yes;
  }

  /** What is visible by the rules may be a compiled cache, and tell of what is hidden. */
  #decideCache(node: IndexNode, decided: Rule): Rule {
    const format = this.#caches.formatOf(node);
    if (format === undefined) return decided;
    this.index.setState(node, nodeState.conditional);
    return format.mayVanish && this.#made(node) === leftOut ? rule.compiled : decided;
  }

  /** What stands in the view for a file with {@link nodeState.conditional}; undefined: the host's content. */
  madeContent(node: IndexNode): Buffer | undefined {
    if (this.#hasOverrides && this.#overrideRule(node) === rule.show) return undefined;
    const made = this.#made(node);
    return made === leftOut ? undefined : made;
  }

  #made(node: IndexNode): Made {
    // What is asked of the view meanwhile is no part of a search that is going on.
    const search = this.#search;
    this.#search = undefined;
    try {
      return this.#caches.made(node, this.#epoch);
    } finally {
      this.#search = search;
    }
  }

  /** Whether a directory, known to exist, is visible, and all directories above it are. */
  isVisibleDirectory(node: IndexNode): boolean {
    const known = this.#memo[node]! & (totalYes | totalNo);
    if (known !== 0) return known === totalYes;
    const yes =
      node === rootNode ||
      (this.isVisibleDirectory(this.index.parent(node)) && this.decide(node, hostKind.directory) > 0);
    this.#memo[node]! |= yes ? totalYes : totalNo;
    return yes;
  }

  /** Whether a path that exists on the host as a file of type `kind` is visible, and all directories above it are. */
  isVisible(node: IndexNode, kind: HostKind): boolean {
    if (kind === hostKind.directory) return this.isVisibleDirectory(node);
    return this.isVisibleDirectory(this.index.parent(node)) && this.decide(node, kind) > 0;
  }

  /**
   * Whether the host may not be asked about a path at all: it is the mount point, and asking would wait for ourselves, or that of
   * another view, which may just be asking about this one.
   */
  isUntouchable(node: IndexNode): boolean {
    return node === this.#mountPoint || (this.#avoided.size !== 0 && this.#avoided.has(node));
  }

  /** Whether an unowned directory may be visible by what the host has in it. */
  isSearched(directory: IndexNode): boolean {
    return this.#isInBounds(directory);
  }

  /** What was found out about an unowned directory by searching the host is not believed any more. */
  searchAgain(directory: IndexNode): void {
    this.#memo[directory]! &= ~(totalYes | totalNo | belowYes | belowNo);
  }

  /** Whether the rules are about a path by name, whether it is there or not. */
  isPlace(node: IndexNode): boolean {
    const { areas, always, below, unusedIn, linksIn } = this.#places;
    return [areas, always, below, unusedIn, linksIn].some((places) => places.has(node));
  }

  /** Whether the host may be asked about a path: neither it nor a directory above it {@link isUntouchable}. */
  mayBeAsked(node: IndexNode): boolean {
    for (let at = node; ; at = this.index.parent(at)) {
      if (this.isUntouchable(at)) return false;
      if (at === rootNode) return true;
    }
  }

  /** Says, once, that the index has no room for a name that it does not know yet: such names are refused from then on. */
  noteFull(): void {
    if (this.#isFullSaid) return;
    this.#isFullSaid = true;
    this.#log(
      'warn',
      `the index has no room for more than ${this.index.nodeCount} paths: files that are new on the host cannot be opened until ` +
        'others are gone from there',
    );
  }

  /** Whether a directory is shown even when the host has none (a place for a mount, or on the way to one). */
  isAlwaysThere(node: IndexNode): boolean {
    return this.#places.always.has(node);
  }

  /**
   * The visible subdirectories of a visible directory. For an unowned one the host may have to be searched; what is found is
   * remembered for all threads.
   *
   * @param host what the host has in the directory
   */
  subdirectories(directory: IndexNode, { names, bounds, kinds }: HostListing): IndexNode[] {
    const { index } = this;
    const nodes: IndexNode[] = [];
    let conditional = false;
    for (let i = 0; i < kinds.length; i++) {
      if (kinds[i] !== hostKind.directory) continue;
      const child = index.tryEnsure(directory, names, bounds[i], bounds[i + 1]);
      if (child < 0 || this.isUntouchable(child as IndexNode)) continue;
      const node = child as IndexNode;
      if (this.decide(node, hostKind.directory) > 0) nodes.push(node);
      conditional ||= (index.state[node]! & nodeState.conditional) !== 0;
    }
    for (const node of this.#places.alwaysIn.get(directory) ?? []) {
      if (this.isUntouchable(node)) continue;
      if (this.host.kind(this.paths.of(node)) !== hostKind.missing) {
        if (!this.paths.isGraft(node) || nodes.includes(node)) continue;
      }
      nodes.push(node);
    }
    if (conditional) index.setState(directory, nodeState.conditional);
    return nodes;
  }

  /** Whether a path changes without a package being merged: everything in /etc, and what the system paths show. */
  isConfiguration(node: IndexNode): boolean {
    for (let at = node; ; at = this.index.parent(at)) {
      if (this.#etc.includes(at)) return true;
      const area = this.#places.at(at);
      if (area !== undefined) return area.kind === 'tree' || area.kind === 'beside';
      if (at === rootNode) return false;
    }
  }

  /** Whether a link that comes or goes in a directory can show other paths elsewhere, so that {@link packagesChanged} is due. */
  followsLinksIn(directory: IndexNode): boolean {
    return this.#places.linksIn.has(directory);
  }

  /** Whether there are any show or hide globs. */
  get hasOverrides(): boolean {
    return this.#hasOverrides;
  }

  /**
   * Whether another set of packages can make another verdict on an unowned path, apart from what `LiveChanges` follows
   * by itself: VDB entries of the packages, and compiled modules.
   */
  hangsOnPackages(node: IndexNode): boolean {
    if (this.isPythonCache(this.index.parent(node))) return false;
    const area = this.#areaOf(node);
    return (
      area === undefined || area.kind === 'beside' || (area.kind === 'tree' && area.packages !== undefined)
    );
  }

  /** Whether a directory is named `__pycache__`. */
  isPythonCache(directory: IndexNode): boolean {
    return isNamed(this.index.name(directory), '__pycache__');
  }

  /**
   * The directories of the links through which a link leads, and of its end: what its visibility hangs on. As they were
   * found by the last decision, if that was about this link.
   */
  linkDirectories(link: IndexNode): ReadonlySet<IndexNode> {
    if (this.#followed?.link !== link) this.#follow(link);
    return this.#followed!.directories;
  }

  #follow(link: IndexNode): Resolved | undefined {
    const directories = new Set([this.index.parent(link)]);
    const end = this.#resolver.final(link, (node) => directories.add(this.index.parent(node)));
    this.#followed = { link, directories };
    return end;
  }

  /** The VDB entry of a package, or -1. */
  entryOf(packageId: number): IndexNode | -1 {
    return this.#places.entryOf.get(packageId) ?? -1;
  }

  /** Where the VDB entry of a package is, or was, or would be. */
  entryFor(cpv: string): IndexNode {
    const [vdb, category, pf] = entryPath(this.settings, cpv);
    return this.index.ensure(this.index.ensure(this.#locate(vdb), Buffer.from(category)), Buffer.from(pf));
  }

  /** The canonical form of an absolute path: its parents resolved on the host. Undefined when links loop. */
  canonical(path: Uint8Array): Resolved | undefined {
    return this.#resolver.canonical(path);
  }

  /** What a symbolic link leads to in the end; undefined when that does not exist on the host, or may not be looked at. */
  endOfLink(link: IndexNode): Resolved | undefined {
    return this.#resolver.final(link);
  }

  /** The path of a node inside the view, one character per byte. */
  pathOf(node: IndexNode): string {
    return node === rootNode
      ? '/'
      : this.#names.directory(this.index.parent(node)) + '/' + latin1(this.index.name(node));
  }

  /** The packages that own what an unowned symbolic link leads to; none for anything else. */
  ownersThroughLink(node: IndexNode): number[] {
    if (this.index.isOwned(node) || !this.mayBeAsked(node) || !this.#isInBounds(node)) return [];
    const end = this.#resolver.final(node);
    return end === undefined ? [] : this.index.owners(end.node);
  }

  /** The packages whose business a path is: its owners, those of what an unowned link leads to, or of what was compiled to it. */
  responsibleFor(node: IndexNode, kind: HostKind): number[] {
    if (this.index.isOwned(node)) return this.index.owners(node);
    if (kind === hostKind.link) return this.ownersThroughLink(node);
    const source = kind === hostKind.file ? this.sourceOfCache(node) : -1;
    return source < 0 ? [] : this.index.owners(source as IndexNode);
  }

  /** The `name.py` of a `__pycache__/name.*.pyc`; -1 for anything else. */
  sourceOfCache(node: IndexNode): IndexNode | -1 {
    const directory = this.index.parent(node);
    const name = this.index.name(node);
    if (!endsWith(name, '.pyc') || !this.isPythonCache(directory)) return -1;
    const stem = name.subarray(0, name.indexOf(0x2e));
    if (stem.length === 0 || stem.length > 252) return -1;
    this.#scratch.set(stem);
    this.#scratch.write('.py', stem.length, 'latin1');
    const parent = this.index.parent(directory);
    return this.index.tryEnsure(parent, this.#scratch, 0, stem.length + 3);
  }

  /** Whether a path lies in a directory of headers. */
  isHeader(node: IndexNode): boolean {
    for (let at = this.index.parent(node); at !== rootNode; at = this.index.parent(at))
      if (isNamed(this.index.name(at), 'include')) return true;
    return false;
  }

  /** More about a decision, for people: the glob, the place, the end of the link, or what is visible below. */
  detail(node: IndexNode, decided: Rule): string {
    if (decided === rule.hide || decided === rule.show) {
      if (node === this.#mountPoint) return 'the mount point';
      if (this.#avoided.has(node)) return 'the mount point of another view';
      const { show, hide } = this.overrides;
      const patterns = decided === rule.hide ? hide : show;
      const globs = new GlobSet(patterns, this.#placeOf);
      for (let at = node; at !== rootNode; at = this.index.parent(at)) {
        const found = globs.indexOf(this.pathOf(at));
        if (found >= 0) return patterns[found]!;
      }
      return '';
    }
    if (decided === rule.symlink) {
      const end = this.#resolver.final(node);
      return end === undefined ? '' : this.pathOf(end.node);
    }
    if (decided === rule.compiled) return this.#caches.formatOf(node)?.says ?? '';
    if (decided === rule.cache) return this.pathOf(this.index.parent(this.index.parent(node)));
    if (decided === rule.system) {
      const area = this.#areaOf(node);
      if (area !== undefined && 'entry' in area) return area.entry.path;
      return this.#systemGlob(node)?.entry.path ?? '';
    }
    if (decided === rule.owned && !this.index.isOwned(node)) return 'an entry of the package database';
    return '';
  }

  // ---- rules --------------------------------------------------------------------------------------------------------

  /** Rules 1 and 2, from the top down: a directory's answer holds for its tree. */
  #overrideRule(node: IndexNode): Rule | 0 {
    if (node === rootNode) return 0;
    const known = this.#overrideRules.get(node);
    if (known !== undefined) return known;
    const above = this.#overrideRule(this.index.parent(node));
    let decided: Rule | 0 = above;
    if (above !== rule.hide) {
      const path = this.pathOf(node);
      if (this.#hide.matches(path)) decided = rule.hide;
      else if (above !== rule.show && this.#show.matches(path)) decided = rule.show;
    }
    if (this.#overrideRules.size >= rememberedPaths) this.#overrideRules.clear();
    this.#overrideRules.set(node, decided);
    return decided;
  }

  /** Rules 3 (inside the VDB), 5, 4, 7 and 8 for a directory without a visible owner. */
  #decideDirectory(node: IndexNode): Rule {
    if (node === rootNode || this.#places.always.has(node)) return rule.ancestor;
    const owned = this.index.isOwned(node);
    if (!owned) {
      const decided = this.#systemRule(node);
      if (decided > 0) return decided;
    }
    const area = this.#places.at(node);
    if (area !== undefined && area.kind !== 'tree' && this.#shows(area, true)) {
      return 'entry' in area ? rule.system : rule.owned;
    }
    if (this.#isVisibleBelow(node, false) === Found.yes) return rule.ancestor;
    return owned ? rule.hiddenOwner : rule.unowned;
  }

  /** Rule 3 inside the VDB, rule 7, or rule 8, for a path that nobody owns. */
  #systemRule(node: IndexNode): Rule {
    for (let at = node; ; at = this.index.parent(at)) {
      const area = this.#places.at(at);
      if (area !== undefined) {
        if (this.#shows(area, at === node)) {
          return 'entry' in area ? rule.system : rule.owned;
        }
        break;
      }
      if (at === rootNode) break;
    }
    return this.#systemGlob(node) === undefined ? rule.unowned : rule.system;
  }

  /** The glob of the system paths that shows a path or a directory above it. */
  #systemGlob(node: IndexNode): SystemGlob | undefined {
    if (node === rootNode) return undefined;
    const { reaching, matching } = this.#globsAt(this.index.parent(node));
    if (reaching.length > 0) {
      const path = this.pathOf(node);
      const hit = reaching.find(({ globs, packages }) => this.#isTied(packages) && globs.matches(path));
      if (hit !== undefined) return hit;
    }
    return matching.find(({ packages }) => this.#isTied(packages));
  }

  /** The place that decides about unowned names at or below itself: the nearest one. */
  #areaOf(node: IndexNode): Area | undefined {
    for (let at = node; ; at = this.index.parent(at)) {
      const area = this.#places.at(at);
      if (area !== undefined || at === rootNode) return area;
    }
  }

  /** The place that decides about names in a directory. A directory that nobody uses may be a private one. */
  #areaIn(directory: IndexNode): Area | undefined {
    for (let at = directory; ; at = this.index.parent(at)) {
      const place = this.#places.at(at);
      const area = place === undefined || place.kind === 'beside' ? (this.#unusedArea(at) ?? place) : place;
      if (area !== undefined || at === rootNode) return area;
    }
  }

  /** The private place that a directory is because no package owns it or has anything in it. */
  #unusedArea(directory: IndexNode): Area | undefined {
    if (directory === rootNode) return undefined;
    const area = this.#places.unusedIn.get(this.index.parent(directory));
    if (area === undefined) return undefined;
    let used = this.#used.get(directory);
    if (used === undefined) {
      // A directory with system paths in it, such as /etc, is one of the system's own.
      used =
        this.#places.below.has(directory) || this.#hasOwner(directory, (node) => this.index.isOwned(node));
      if (this.#used.size >= rememberedPaths) this.#used.clear();
      this.#used.set(directory, used);
    }
    return used ? undefined : area;
  }

  /** Whether a directory, or anything that the index has in it, has an owner that counts. */
  #hasOwner(directory: IndexNode, counts: (node: IndexNode) => boolean): boolean {
    const { index } = this;
    if (counts(directory)) return true;
    for (let child = index.firstChild(directory); child >= 0; child = index.nextSibling(child as IndexNode)) {
      if (this.#hasOwner(child as IndexNode, counts)) return true;
    }
    return false;
  }

  /** Whether a place shows the unowned; `itself`: the place, not something in it. */
  #shows(area: Area, itself: boolean): boolean {
    switch (area.kind) {
      case 'tree':
        return this.#isTied(area.packages);
      case 'directory':
      case 'filtered':
      case 'vdb':
        return itself;
      case 'private':
        return false;
      case 'beside':
        return this.#isBesideVisible(area.directory);
      case 'category':
        return itself && area.packages.some((id) => this.#isListed(id));
      case 'entry':
        return this.#isListed(area.package);
    }
  }

  /** Whether a visible package owns a directory or has anything in it. */
  #isBesideVisible(directory: IndexNode): boolean {
    let known = this.#besideVisible.get(directory);
    if (known === undefined) {
      known = this.#hasOwner(directory, (node) => this.index.ownerVisible(node, this.#visible));
      if (this.#besideVisible.size >= rememberedPaths) this.#besideVisible.clear();
      this.#besideVisible.set(directory, known);
    }
    return known;
  }

  /** Whether a system path's packages let it be seen. */
  #isTied(packages: readonly number[] | undefined): boolean {
    return packages === undefined || packages.some((id) => isSet(this.#visible, id));
  }

  #isListed(id: number): boolean {
    return (isSet(this.#visible, id) || isSet(this.#metadata, id)) && this.index.isLive(id);
  }

  /** Whether a path, if it is no directory, is known to be hidden without a look at the host. */
  #isHiddenByOwners(node: IndexNode): boolean {
    return !this.#hasOverrides && this.index.isOwned(node) && !this.index.ownerVisible(node, this.#visible);
  }

  /** `__pycache__/name.*.pyc` beside a visible `name.py`. */
  #isCacheOfVisible(node: IndexNode): boolean {
    const source = this.sourceOfCache(node);
    if (source < 0 || this.#isHiddenByOwners(source as IndexNode)) return false;
    const kind = this.host.kind(this.paths.of(source as IndexNode));
    return (
      kind !== hostKind.missing && kind !== hostKind.directory && this.decide(source as IndexNode, kind) > 0
    );
  }

  /** Whether links in a directory count (or the link `at`): not in private trees, unless a glob shows something there. */
  #isInBounds(directory: IndexNode, at?: IndexNode): boolean {
    const area = (at === undefined ? undefined : this.#places.at(at)) ?? this.#areaIn(directory);
    if (area?.kind !== 'private' && area?.kind !== 'directory') return true;
    return this.#show.reaches(
      this.#names.directory(at === undefined ? this.index.parent(directory) : directory),
    );
  }

  /** Whether a link may not lead through a name: what is unowned in a private tree. */
  #isOutOfBounds(node: IndexNode): boolean {
    if (this.#places === undefined || this.index.isOwned(node)) return false;
    const directory = this.index.parent(node);
    const area = this.#areaIn(directory);
    return (
      (area?.kind === 'private' || area?.kind === 'directory') &&
      !this.#places.areas.has(node) &&
      !this.#places.below.has(node) &&
      !this.#show.reaches(this.#names.directory(directory))
    );
  }

  // ---- rule 5 -------------------------------------------------------------------------------------------------------

  /** Whether something below a directory is visible. `noOwned`: it is known that no visible package has a file there. */
  #isVisibleBelow(directory: IndexNode, noOwned: boolean): Found {
    const known = this.#memo[directory]! & (belowYes | belowNo);
    if (known !== 0) return known === belowYes ? Found.yes : Found.no;
    const outermost = this.#search === undefined;
    const search = (this.#search ??= { top: directory, entered: new Set(), met: 0, left: searchLimit });
    if (search.entered.has(directory)) {
      search.met++;
      return Found.open;
    }
    const { met } = search;
    search.entered.add(directory);
    try {
      let found =
        this.#hasPlaceBelow(directory) || (!noOwned && this.#hasOwnedBelow(directory)) ? Found.yes : Found.no;
      if (found === Found.no) found = this.#searchHost(directory);
      // Also when it was met at the end of a link, where the answer is just "not visible".
      if (found === Found.no && search.met !== met) found = Found.open;
      if (found === Found.yes) this.#memo[directory]! |= belowYes;
      else if (found === Found.no || outermost) this.#memo[directory]! |= belowNo;
      return outermost && found === Found.open ? Found.no : found;
    } finally {
      if (outermost) this.#search = undefined;
    }
  }

  #hasPlaceBelow(directory: IndexNode): boolean {
    const places = this.#places.below.get(directory);
    if (places === undefined) return false;
    this.index.setState(directory, nodeState.conditional);
    return places.some((place) => {
      if (!this.mayBeAsked(place)) return false;
      const kind = this.host.kind(this.paths.of(place));
      return kind !== hostKind.missing && this.decide(place, kind) > 0;
    });
  }

  /** Whether a visible package has a path below a directory that the host has, too. Looks at the index first. */
  #hasOwnedBelow(directory: IndexNode): boolean {
    const index = this.index;
    let node = index.firstChild(directory);
    while (node >= 0) {
      const here = node as IndexNode;
      if (
        !this.isUntouchable(here) &&
        index.ownerVisible(here, this.#visible) &&
        !(this.#hasOverrides && this.#overrideRule(here) === rule.hide) &&
        this.#existsBelow(directory, here)
      ) {
        return true;
      }
      // Depth first, without a stack: down, else aside, else up until there is something aside.
      node = this.isUntouchable(here) ? -1 : index.firstChild(here);
      for (let at = here; node < 0 && at !== directory; at = index.parent(at)) node = index.nextSibling(at);
    }
    return false;
  }

  /** Whether the host has a path of the index, with real directories between it and one above it. */
  #existsBelow(directory: IndexNode, node: IndexNode): boolean {
    if (this.host.kind(this.paths.of(node)) === hostKind.missing) return false;
    for (let at = this.index.parent(node); at !== directory; at = this.index.parent(at)) {
      if (this.host.kind(this.paths.of(at)) !== hostKind.directory) return false;
    }
    return true;
  }

  /** Looks on the host for unowned paths that are visible. */
  #searchHost(directory: IndexNode): Found {
    const index = this.index;
    const search = this.#search!;
    if (!this.#isInBounds(directory)) return Found.no;
    if (!index.isOwned(directory) && this.host.isMountPoint(this.paths.directory(directory))) return Found.no;
    const listing = this.host.list(this.paths.of(directory));
    if (listing === undefined) return Found.no;
    const { names, bounds, kinds } = listing;
    const area = this.#areaOf(directory);
    const isShown = area !== undefined && this.#shows(area, false);
    const isPythonCache = this.isPythonCache(directory);
    const globs = this.#reachesSystemGlob(directory);
    const subdirectories: IndexNode[] = [];
    let conditional = false;
    let found: Found = Found.no;
    const anyMayBeVisible = this.#hasOverrides || isShown || globs;
    for (let i = 0; i < kinds.length && found !== Found.yes; i++) {
      if (--search.left < 0) {
        this.#noteLimit(search);
        break;
      }
      const kind = kinds[i] as HostKind;
      const mayBeVisible =
        anyMayBeVisible ||
        kind === hostKind.link ||
        (isPythonCache && endsWith(names.subarray(bounds[i], bounds[i + 1]), '.pyc'));
      // Most of a large tree are plain files, so nothing is spent on them.
      if (kind !== hostKind.directory && !mayBeVisible) continue;
      let child = index.find(directory, names, bounds[i], bounds[i + 1]);
      const isOwned = child >= 0 && index.isOwned(child as IndexNode);
      // Of the owned there are only hidden ones left, which nothing but a glob can show.
      if (kind !== hostKind.directory && isOwned && !this.#hasOverrides) continue;
      if (child < 0) child = index.tryEnsure(directory, names, bounds[i], bounds[i + 1]);
      if (child < 0 || this.isUntouchable(child as IndexNode)) continue;
      if (kind === hostKind.directory) {
        subdirectories.push(child as IndexNode);
        continue;
      }
      if (!isOwned && !isPythonCache) conditional = true;
      if (this.decide(child as IndexNode, kind) > 0) found = Found.yes;
    }
    for (let i = 0; i < subdirectories.length && found !== Found.yes && search.left >= 0; i++) {
      const node = subdirectories[i]!;
      const below = this.#findInSubdirectory(node);
      if (below !== Found.no) found = below;
      if ((index.state[node]! & nodeState.conditional) !== 0) conditional = true;
    }
    if (conditional || found === Found.open) index.setState(directory, nodeState.conditional);
    return found;
  }

  #findInSubdirectory(node: IndexNode): Found {
    if (this.#hasOverrides) {
      const decided = this.#overrideRule(node);
      if (decided !== 0) return decided === rule.show ? Found.yes : Found.no;
    }
    if (this.index.ownerVisible(node, this.#visible) || this.#places.always.has(node)) return Found.yes;
    if (!this.index.isOwned(node) && this.#systemRule(node) > 0) return Found.yes;
    const area = this.#places.at(node);
    if (area !== undefined && this.#shows(area, true)) return Found.yes;
    return this.#isVisibleBelow(node, true);
  }

  #reachesSystemGlob(directory: IndexNode): boolean {
    return this.#globsAt(directory).reaching.length > 0;
  }

  #globsAt(directory: IndexNode): DirectoryGlobs {
    const known = this.#directoryGlobs.get(directory);
    if (known !== undefined) return known;
    const path = this.#names.directory(directory);
    const { reaching, matching } =
      directory === rootNode
        ? { reaching: this.#places.globs, matching: [] }
        : this.#globsAt(this.index.parent(directory));
    const here = reaching.filter(({ globs }) => globs.matches(path));
    const made: DirectoryGlobs = {
      reaching: reaching.filter(({ globs }) => globs.reaches(path)),
      matching: here.length === 0 ? matching : [...here, ...matching],
    };
    if (this.#directoryGlobs.size >= rememberedPaths) this.#directoryGlobs.clear();
    this.#directoryGlobs.set(directory, made);
    return made;
  }

  /** Not a warning: large trees of hidden packages are ordinary, and what is in them is as a rule hidden. */
  #noteLimit({ top }: Search): void {
    if (this.#noted.has(top)) return;
    this.#noted.add(top);
    this.#log(
      'info',
      `${this.pathOf(top)}: counts as empty: nothing visible was among the first ${searchLimit} entries of its tree`,
    );
  }

  // ---- places -------------------------------------------------------------------------------------------------------

  /** The node of a view path with its parents resolved; as written when they cannot be. */
  #locate(path: string): IndexNode {
    const bytes = Buffer.from(path);
    const found = this.#resolver.canonical(bytes)?.node;
    if (found !== undefined) return found;
    return ensureAll(this.index, bytes.toString('latin1'));
  }

  /** Where the directory at the beginning of a glob is, through the host's links; see {@link GlobSet}. */
  readonly #placeOf = (directory: string): string => {
    // The dot makes a link at the end followed.
    const found = this.#resolver.canonical(Buffer.from(`${directory}.`, 'latin1'));
    if (found === undefined) return directory;
    return found.node === rootNode ? '/' : `${this.#names.directory(found.node)}/`;
  };
}

function bitWords(index: PathIndex): number {
  return Math.ceil(index.packageCapacity / 32);
}

/** The globs as they are kept in shared memory. */
function encodeOverrides({ show, hide }: Overrides): Uint8Array {
  const bytes = Buffer.from(JSON.stringify({ show, hide }));
  if (bytes.length > overrideCapacity) {
    throw new LvfsError(
      'TOO_MANY_RULES',
      `${show.length + hide.length} show and hide patterns are too many`,
      {
        hint: 'use globs that cover more',
      },
    );
  }
  return bytes;
}

function isSet(bits: Uint32Array, id: number): boolean {
  return ((bits[id >>> 5]! >>> (id & 31)) & 1) === 1;
}

function setBits(bits: Uint32Array, ids: Iterable<number>): void {
  const next = new Uint32Array(bits.length);
  for (const id of ids) next[id >>> 5]! |= 1 << (id & 31);
  bits.set(next);
}

function isBelow(path: string, root: string): boolean {
  return root === '/' || path.startsWith(root.endsWith('/') ? root : `${root}/`);
}

/** The node of a path (latin1) taken as it is written. */
function ensureAll(index: PathIndex, path: string): IndexNode {
  let node = rootNode;
  for (const name of path.split('/')) {
    if (name !== '' && name !== '.') node = index.ensure(node, Buffer.from(name, 'latin1'));
  }
  return node;
}

function endsWith(name: Uint8Array, text: string): boolean {
  return name.length > text.length && latin1(name.subarray(name.length - text.length)) === text;
}

function isNamed(name: Uint8Array, text: string): boolean {
  return name.length === text.length && latin1(name) === text;
}
