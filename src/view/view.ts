/**
 * Which paths exist inside the view, and by which rule. The rules themselves are in `deciding/decisions.ts`; `liveChange.ts` changes what
 * is visible under a mounted view.
 *
 * All that decides is in shared memory (the index, and `deciding/viewState.ts`), so that every thread gives the
 * same answer: a thread calls {@link View.begin} before each request and then sees, to the end of the request, at least that state.
 */
import { silent, type Logger, type PackageId } from '../base/index.js';
import { CompiledCaches } from './compiledCaches.js';
import { Decisions } from './deciding/decisions.js';
import { detailOf } from './deciding/detail.js';
import { holdsHeaders, isPythonCache, sourceOfCache } from './deciding/names.js';
import { LastDirectory } from './deciding/lastDirectory.js';
import { OverrideRules } from './deciding/overrideRules.js';
import { ViewLinks } from './deciding/viewLinks.js';
import { ViewPlaces } from './deciding/viewPlaces.js';
import { memoBits, nodeState, ViewState, type SharedView, type StateChange } from './deciding/viewState.js';
import { hostKind, type Host, type HostKind, type HostListing } from './host.js';
import { hostBytes, HostPaths } from './hostPaths.js';
import { LinkedPlaces } from './linkedPlaces.js';
import { rootNode, type IndexNode, type NoNode, type PathIndex } from './pathIndex.js';
import type { Resolved } from './resolver.js';
import { entryPath, Places, type Overrides, type Rule, type ViewSettings } from './rules.js';

export { nodeState, type SharedView, type StateChange } from './deciding/viewState.js';

/** The rules of a view over an index and a host. One for each thread. */
export class View {
  readonly index: PathIndex;
  readonly settings: ViewSettings;
  readonly host: Host;
  /** Packages whose files are visible: bit `id % 32` of word `id / 32`. To be changed with {@link setVisible} only. */
  readonly visible: Uint32Array;
  /** Packages whose VDB entry is visible although their files are not, as {@link visible}. */
  readonly metadataOnly: Uint32Array;
  /** Where the host keeps what the view shows. */
  readonly paths: HostPaths;
  readonly #names: HostPaths;
  readonly #links: ViewLinks;
  readonly #caches: CompiledCaches;
  readonly #log: Logger;
  readonly #state: ViewState;
  readonly #overrides: OverrideRules;
  readonly #places: ViewPlaces;
  readonly #decisions: Decisions;
  readonly #headers: LastDirectory<boolean>;
  #overridesSeen = -1;
  #placesSeen = -1;
  #givenBackSeen = 0;
  #isFullSaid = false;

  private constructor(index: PathIndex, host: Host, log: Logger, shared: Omit<SharedView, 'index'>) {
    const state = new ViewState(index, shared, host);
    this.index = index;
    this.host = host;
    this.settings = shared.settings;
    this.visible = state.visible;
    this.metadataOnly = state.metadataOnly;
    this.#log = log;
    this.#state = state;

    const grafts = new Map<IndexNode, string>();
    this.#names = new HostPaths(index, '', new Map());
    this.paths = new HostPaths(index, hostBytes(shared.settings.root), grafts);
    this.#overrides = new OverrideRules(index, this.#names);
    this.#places = new ViewPlaces(state, this.#overrides, this.#names);
    this.#links = new ViewLinks(state, host, this.paths, this.#names, (node) =>
      this.#places.isOutOfBounds(node),
    );
    this.#caches = new CompiledCaches(this, log);
    this.#headers = new LastDirectory((directory) => holdsHeaders(index, directory));
    this.#decisions = new Decisions({
      state,
      host,
      paths: this.paths,
      names: this.#names,
      overrides: this.#overrides,
      places: this.#places,
      links: this.#links,
      caches: this.#caches,
      log,
    });
    for (const graft of shared.settings.grafts)
      grafts.set(this.#links.locate(graft.path), hostBytes(graft.host));
    this.begin();
  }

  /**
   * A view in which no package is visible yet; see {@link setVisible}. The index must not be changed in a way that
   * moves its memory any more.
   */
  static create(index: PathIndex, settings: ViewSettings, host: Host, log: Logger = silent): View {
    index.share();
    const view = new View(index, host, log, { settings, ...ViewState.memory(index) });
    view.change({ overrides: settings.overrides });
    return view;
  }

  /** The same view in another thread. `index` must be attached to the same memory. */
  static attach(index: PathIndex, shared: SharedView, host: Host, log: Logger = silent): View {
    return new View(index, host, log, shared);
  }

  /** What other threads attach to. */
  share(): SharedView {
    return this.#state.share();
  }

  // ---- the state that decides ---------------------------------------------------------------------------------------

  /** Notes the current state before a request; returns its number. */
  begin(): number {
    const epoch = this.#state.currentEpoch;
    this.#state.begin();
    if (epoch !== this.#state.epoch) this.#takeUp(epoch);
    return epoch;
  }

  /** The number of the state that {@link begin} noted. */
  get epoch(): number {
    return this.#state.epoch;
  }

  /** Whether the host could always say what is there since {@link begin}: what was answered otherwise holds for once. */
  get isSure(): boolean {
    return this.#state.isSure;
  }

  #takeUp(epoch: number): void {
    const state = this.#state;
    state.takeUp(epoch);
    this.host.forget();
    this.#places.forgetVisible();
    if (this.timesGivenBack !== this.#givenBackSeen) this.#forgetNodes();
    if (state.placesVersion !== this.#placesSeen) {
      this.#placesSeen = state.placesVersion;
      this.#places.takeUp(() => this.#makePlaces());
    }
    if (state.overridesVersion !== this.#overridesSeen) {
      this.#overridesSeen = state.overridesVersion;
      this.#overrides.takeUp(state.overrides, this.#links.placeOf);
    }
  }

  #makePlaces(): { places: Places; etc: readonly IndexNode[] } {
    const linked = new LinkedPlaces({
      index: this.index,
      host: this.host,
      paths: this.paths,
      resolver: this.#links.unbounded,
      pathOf: (node) => this.pathOf(node),
      isUntouchable: (node) => this.isUntouchable(node),
    });
    const locate = (path: string): IndexNode => this.#links.locate(path);
    const places = new Places(this.index, this.settings, { locate, placeOf: this.#links.placeOf, linked });
    const { prefix = '', sysroot } = this.settings;
    const systems = [prefix, ...(sysroot === undefined ? [] : [sysroot])];
    return { places, etc: systems.map((place) => this.#links.locate(`${place}/etc`)) };
  }

  /** The globs in force. */
  get overrides(): Overrides {
    return this.#state.overrides;
  }

  /** Begins a new state with these packages; see {@link change}. */
  setVisible(visible: Iterable<number>, metadataOnly: Iterable<number>): void {
    this.change({ visible, metadataOnly });
  }

  /** Also shows packages of which nobody has been told anything: they are about to take the place of others, and {@link change} follows. */
  showAtOnce(packages: Iterable<number>): void {
    for (const id of packages) this.visible[id >>> 5]! |= 1 << (id & 31);
  }

  /** Whether a change is one: packages that become visible or hidden, other globs, and whatever else is given. */
  wouldChange(to: StateChange): boolean {
    return this.#state.wouldChange(to);
  }

  /**
   * Begins a new state, all at once. The caller sees to it that no answers from the old one survive, and that all
   * requests begun before have been answered when it calls this again (see `LiveChanges`).
   * @throws LvfsError `TOO_MANY_RULES` when the globs do not fit in the memory kept for them; then nothing has changed.
   */
  change(to: StateChange): void {
    this.#state.change(to);
    this.begin();
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
    this.#state.noteGivenBack();
    // The places are made anew, of nodes that may be others.
    this.change({ packagesChanged: true });
    return given;
  }

  /** How often nodes have been given back: whoever remembers any that are not settled forgets them then. */
  get timesGivenBack(): number {
    return this.#state.timesGivenBack;
  }

  #forgetNodes(): void {
    this.#givenBackSeen = this.timesGivenBack;
    for (const paths of [this.paths, this.#names]) paths.forget();
    this.#links.forget();
    this.#overrides.forget();
    this.#decisions.forget();
    this.#headers.forget();
    this.#isFullSaid = false;
  }

  /** Mount points of other views, which may not be asked about. */
  get avoided(): ReadonlySet<IndexNode> {
    return this.#state.avoided;
  }

  // ---- answers ------------------------------------------------------------------------------------------------------

  /**
   * The rule for a path that exists on the host as a file of type `kind`, provided that the directories above it are
   * visible. Positive: visible.
   */
  decide(node: IndexNode, kind: HostKind): Rule {
    return this.#decisions.rule(node, kind);
  }

  /** What stands in the view for a file with {@link nodeState.conditional}; undefined: the host's content. */
  madeContent(node: IndexNode): Buffer | undefined {
    return this.#decisions.madeContent(node);
  }

  /** Whether a directory, known to exist, is visible, and all directories above it are. */
  isVisibleDirectory(node: IndexNode): boolean {
    const known = this.#state.memo[node]! & (memoBits.totalYes | memoBits.totalNo);
    if (known !== 0) return known === memoBits.totalYes;
    const yes =
      node === rootNode ||
      (this.isVisibleDirectory(this.index.parent(node)) && this.decide(node, hostKind.directory) > 0);
    this.#state.note(node, memoBits.totalYes | memoBits.totalNo, yes ? memoBits.totalYes : memoBits.totalNo);
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
    return this.#state.isUntouchable(node);
  }

  /** Whether an unowned directory may be visible by what the host has in it. */
  isSearched(directory: IndexNode): boolean {
    return this.#places.isInBounds(directory);
  }

  /** What was found out about an unowned directory by searching the host is not believed any more. */
  searchAgain(directory: IndexNode): void {
    this.#state.memo[directory]! &= ~(
      memoBits.totalYes |
      memoBits.totalNo |
      memoBits.belowYes |
      memoBits.belowNo |
      memoBits.belowNever
    );
  }

  /** Whether the rules are about a path by name, whether it is there or not. */
  isPlace(node: IndexNode): boolean {
    return this.#places.isPlace(node);
  }

  /** Whether the host may be asked about a path: neither it nor a directory above it {@link isUntouchable}. */
  mayBeAsked(node: IndexNode): boolean {
    return this.#state.mayBeAsked(node);
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
    return this.#places.current.always.has(node);
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
      const node = index.tryEnsure(directory, names, bounds[i], bounds[i + 1]);
      if (node === -1 || this.isUntouchable(node)) continue;
      if (this.decide(node, hostKind.directory) > 0) nodes.push(node);
      conditional ||= (index.state[node]! & nodeState.conditional) !== 0;
    }
    for (const node of this.#places.current.alwaysIn.get(directory) ?? []) {
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
    return this.#places.isConfiguration(node);
  }

  /** Whether a link that comes or goes in a directory can show other paths elsewhere, so that it is as if packages had changed. */
  followsLinksIn(directory: IndexNode): boolean {
    return this.#places.current.linksIn.has(directory);
  }

  /** Whether there are any show or hide globs. */
  get hasOverrides(): boolean {
    return !this.#overrides.isEmpty;
  }

  /**
   * Whether another set of packages can make another verdict on an unowned path, apart from what `LiveChanges` follows
   * by itself: VDB entries of the packages, and compiled modules.
   */
  hangsOnPackages(node: IndexNode): boolean {
    return !this.isPythonCache(this.index.parent(node)) && this.#places.hangsOnPackages(node);
  }

  /** Whether a directory is named `__pycache__`. */
  isPythonCache(directory: IndexNode): boolean {
    return isPythonCache(this.index, directory);
  }

  /**
   * The directories of the links through which a link leads, and of its end: what its visibility hangs on. As they were
   * found by the last decision, if that was about this link.
   */
  linkDirectories(link: IndexNode): ReadonlySet<IndexNode> {
    return this.#links.directoriesOf(link);
  }

  /** The VDB entry of a package, or -1. */
  entryOf(packageId: number): IndexNode | NoNode {
    return this.#places.current.entryOf.get(packageId) ?? -1;
  }

  /** Where the VDB entry of a package is, or was, or would be. */
  entryFor(cpv: PackageId): IndexNode {
    const [vdb, category, pf] = entryPath(this.settings, cpv);
    return this.index.ensure(
      this.index.ensure(this.#links.locate(vdb), Buffer.from(category)),
      Buffer.from(pf),
    );
  }

  /** The canonical form of an absolute path: its parents resolved on the host. Undefined when links loop. */
  canonical(path: Uint8Array): Resolved | undefined {
    return this.#links.canonical(path);
  }

  /** What a symbolic link leads to in the end; undefined when that does not exist on the host, or may not be looked at. */
  endOfLink(link: IndexNode): Resolved | undefined {
    return this.#links.end(link);
  }

  /** The path of a node inside the view, one character per byte. */
  pathOf(node: IndexNode): string {
    return this.#names.text(node);
  }

  /** The packages that own what an unowned symbolic link leads to; none for anything else. */
  ownersThroughLink(node: IndexNode): number[] {
    if (this.index.isOwned(node) || !this.mayBeAsked(node) || !this.#places.isInBounds(node)) return [];
    const end = this.#links.end(node);
    return end === undefined ? [] : this.index.owners(end.node);
  }

  /**
   * The packages whose business a path is: its owners, those of what an unowned link leads to, or of what was compiled to it, or those that
   * generate it.
   */
  responsibleFor(node: IndexNode, kind: HostKind): readonly number[] {
    if (this.index.isOwned(node)) return this.index.owners(node);
    const through = kind === hostKind.link ? this.ownersThroughLink(node) : [];
    if (through.length > 0) return through;
    const source = kind === hostKind.file ? this.sourceOfCache(node) : -1;
    return source === -1 ? this.#places.makersOf(node) : this.index.owners(source);
  }

  /** The `name.py` of a `__pycache__/name.*.pyc`; -1 for anything else. */
  sourceOfCache(node: IndexNode): IndexNode | NoNode {
    return sourceOfCache(this.index, node);
  }

  /** Whether one of some packages, as bits, owns a path, or what it was compiled from. */
  isOf(node: IndexNode, packages: Uint32Array): boolean {
    const owned = this.#ownedFor(node);
    return owned !== -1 && this.index.ownerVisible(owned, packages);
  }

  /** Whether no package owns a path, nor what it was compiled from. */
  isNobodys(node: IndexNode): boolean {
    return this.#ownedFor(node) === -1;
  }

  #ownedFor(node: IndexNode): IndexNode | NoNode {
    return this.index.isOwned(node) ? node : this.sourceOfCache(node);
  }

  /** Whether a path lies in a directory of headers. */
  isHeader(node: IndexNode): boolean {
    return this.#headers.of(this.index.parent(node));
  }

  /** More about a decision, for people: the glob, the place, the end of the link, or what is visible below. */
  detail(node: IndexNode, decided: Rule): string {
    return detailOf(node, decided, {
      state: this.#state,
      names: this.#names,
      places: this.#places,
      links: this.#links,
      caches: this.#caches,
    });
  }
}
