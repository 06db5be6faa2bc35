/**
 * A view that is mounted: what changes while it is, by command (`lvfs allow`, `lvfs deny`) and on the host. What it shows is its
 * {@link PlannedView}'s; here the kernel is told.
 */
import { setTimeout as delay } from 'node:timers/promises';
import {
  describeError,
  exitStatus,
  isInSysroot,
  LvfsError,
  packageName,
  plainPackageName,
  namedIn,
  type Logger,
  type PackageId,
} from '../../base/index.js';
import { findDriver, type Connection } from '../../fuse/index.js';
import { kernelNodeId, type Numbering, type ToldPackages } from '../../filesystem/index.js';
import type { SetRequest, VisibleSet } from '../../portage/index.js';
import {
  hostKind,
  literalGlob,
  LiveChanges,
  type Dropped,
  type Forgotten,
  type HostChange,
  type IndexNode,
  type Overrides,
  type ViewChange,
} from '../../view/index.js';
import { tellUntested } from '../plan/plan.js';
import type { PlannedView } from '../plan/plannedView.js';
import { systemPackages } from '../report/auditing.js';
import type { LiveChangesMade, LiveResult, Shown } from '../request.js';

/** How soon room in the index is looked for again after there was none. */
const crowdedPauseMs = 1000;

/** See the head of this file. */
export class LiveView {
  readonly #planned: PlannedView;
  readonly #log: Logger;
  readonly #live: LiveChanges;
  /** How long the kernel may hold what is not so any more. */
  readonly #staleMs: number;
  /** What `allow` and `deny` changed, as given: atoms, and absolute paths. */
  #allowed: readonly string[] = [];
  #denied: readonly string[] = [];
  #changes = 0;
  /** See {@link tell}. */
  #told: ToldPackages | undefined;
  /** Changes are made one after the other: each begins with what the one before has made. */
  #last: Promise<unknown> = Promise.resolve();
  /** Names in force that nothing installed has. */
  #absent: readonly string[] = [];
  #problem: string | undefined;
  #makingRoom: Promise<void> | undefined;
  /** Nothing could be given back when the index was crowded last. */
  #lacksRoom = false;
  /** Something has changed on the host since then. */
  #hasHostChanged = false;

  /** From now on the kernel holds answers of the view, and changes are made known to it. */
  constructor(planned: PlannedView, connection: Connection, numbering: Numbering, log: Logger) {
    this.#planned = planned;
    this.#log = log;
    const { view, index, host, plan } = planned;
    const { activity, endpoint } = connection;
    const notifier = connection.notifier && numbering.notifier(connection.notifier);
    // Files of the view that are mounted on.
    const covered: ReadonlySet<number> = new Set(
      (plan?.files ?? []).flatMap((path) => view.canonical(Buffer.from(path))?.node ?? []),
    );
    const caches = {
      dropName: (directory: IndexNode, name: Uint8Array): void => {
        // The kernel would take away what is mounted there, and nobody sees what is below.
        if (!covered.has(index.find(directory, name))) notifier?.invalidateEntry(directory + 1, name, true);
      },
      dropNode: (node: IndexNode, content: Dropped): void =>
        notifier?.invalidateNode(kernelNodeId(view, host, node), 0, content === 'start' ? 1 : 0),
    };
    this.#live = new LiveChanges(view, caches, activity);
    index.onCrowded = () => void this.makeRoom();
    this.#staleMs = findDriver(endpoint.driver).capabilities.staleSeconds * 1000;
  }

  /** How often the visible set has changed. */
  get changes(): number {
    return this.#changes;
  }

  /**
   * Of which packages uses are told, in memory that is kept up to date: each use of what is visible and not @system, as that may be a finding.
   *
   * @param findingsOnly and of others only whether what is declared is used
   */
  tell(findingsOnly: boolean): ToldPackages {
    const memory = (): Uint32Array =>
      new Uint32Array(new SharedArrayBuffer(this.#planned.view.visible.byteLength));
    this.#told = { each: memory(), ...(findingsOnly ? { first: memory() } : {}) };
    this.#updateTold();
    return this.#told;
  }

  /** The packages of which the first use of each file is told; undefined: it is of all files. */
  get toldFirst(): Uint32Array | undefined {
    return this.#told?.first;
  }

  #updateTold(): void {
    if (this.#told === undefined) return;
    const { each, first } = this.#told;
    const { set } = this.#planned;
    const system = systemPackages(set);
    const others = [...set.visible.keys()].filter((cpv) => !system.has(cpv));
    const fill = (bits: Uint32Array, cpvs: Iterable<PackageId>): void => {
      bits.fill(0);
      for (const id of this.#planned.ids(cpvs)) bits[id >>> 5]! |= 1 << (id & 31);
    };
    fill(each, others);
    if (first !== undefined)
      fill(first, [...others, ...set.targets.flatMap(({ buildDeps }) => [...buildDeps.keys()])]);
  }

  /** From now on nothing at or below these host paths is asked for; they are the mount points of all other views. */
  avoid(paths: readonly string[]): Promise<void> {
    return this.#inTurn(async () => {
      await this.#live.apply({ avoided: paths });
      // Nothing that was open there may keep it busy.
      this.#planned.view.host.forget();
    });
  }

  /** Makes changes of the host that are no merges known to the kernel. */
  async hostChanged(changes: readonly HostChange[]): Promise<void> {
    await this.#live.hostChanged(changes);
    this.#noteHostChange();
  }

  /** Gives back what the index holds of names that came and went; what happens on the host meanwhile is waited for. */
  makeRoom(): Promise<void> {
    this.#makingRoom ??= this.#makeRoom().finally(() => (this.#makingRoom = undefined));
    return this.#makingRoom;
  }

  async #makeRoom(): Promise<void> {
    do {
      this.#hasHostChanged = false;
      let given = 0;
      try {
        given = await this.#live.makeRoom();
        this.#log('debug', `the index was crowded: ${given} names that came and went are forgotten`);
      } catch (error) {
        this.#log('error', `no room could be made in the index: ${describeError(error)}`);
      }
      this.#lacksRoom = given === 0;
      // The kernel may be about to give back more; and where there is nothing, it is no use to look all the time.
      if (this.#lacksRoom) await delay(crowdedPauseMs, undefined, { ref: false });
    } while (this.#lacksRoom && this.#hasHostChanged);
    this.#planned.index.listenAgain();
  }

  #noteHostChange(): void {
    this.#hasHostChanged = true;
    if (this.#lacksRoom) void this.makeRoom();
  }

  /** Makes the kernel look at everything again: nobody knows what has changed. */
  async hostLost(): Promise<void> {
    await this.#live.everythingChanged();
    this.#noteHostChange();
  }

  /**
   * Brings the view up to what is installed now. What is not installed any more is gone in any case: a build dependency, or something
   * that was allowed, is {@link LiveChangesMade.missing} then, and is seen again when it is merged again. Where no set can be computed,
   * the one from before holds, as far as it is installed.
   */
  reload(): Promise<void> {
    return this.#inTurn(async () => {
      const planned = this.#planned;
      planned.use(planned.readSystem());
      const computed = this.#computeSet();
      const { added, removed, changed, nodes } = planned.update(computed);
      const set = computed ?? this.#setWithout(new Set(removed));
      await this.#adopt(set, { updated: { nodes, packages: [...added, ...removed, ...changed] } });
    });
  }

  /** The set of what is installed now; undefined where there is none. */
  #computeSet(): VisibleSet | undefined {
    try {
      const set = this.#planned.system.visibleSet(this.#currentSet(this.#allowed, this.#denied));
      this.#problem = undefined;
      return set;
    } catch (error) {
      if (!(error instanceof LvfsError)) throw error;
      this.#problem = describeError(error);
      this.#log('warn', `what is visible cannot be computed anew and stays as it was: ${this.#problem}`);
      return undefined;
    }
  }

  /** The set in force without what is gone. */
  #setWithout(removed: ReadonlySet<PackageId>): VisibleSet {
    const { visible, metadataOnly, ...rest } = this.#planned.set;
    return {
      ...rest,
      visible: new Map([...visible].filter(([cpv]) => !removed.has(cpv))),
      metadataOnly: metadataOnly.filter((cpv) => !removed.has(cpv)),
    };
  }

  /** Makes one change after the other. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(change, change);
    this.#last = turn;
    return turn;
  }

  /**
   * Makes it the view that is asked for, as if it had just been opened for that: what was allowed and denied is undone, and the kernel holds
   * nothing that would hide a use from a report.
   *
   * @param forget forgets what was recorded for the targets before; no use of theirs is recorded afterwards
   * @throws LvfsError as `planView`; then nothing has changed
   */
  retarget(asked: Shown, forget: () => Promise<void>): Promise<LiveResult> {
    return this.#inTurn(async () => {
      const planned = this.#planned;
      const system = planned.readSystem();
      const set = system.visibleSet(asked.set);
      tellUntested(set, asked.set, this.#log);
      const before = planned.set.visible;
      const wasSystem = systemPackages(planned.set);
      planned.use(system);
      const { added, removed, changed, nodes } = planned.update(set);
      const packages = [...added, ...removed, ...changed];
      planned.ask(asked);
      [this.#allowed, this.#denied, this.#absent, this.#problem] = [[], [], [], undefined];
      const overrides = { show: planned.shown, hide: planned.request.hide };
      await this.#adopt(set, {
        ...(packages.length === 0 ? {} : { updated: { nodes, packages } }),
        ...(this.#hasOverrides(overrides) ? {} : { overrides }),
      });
      const isSystem = systemPackages(set);
      const { index, view } = planned;
      // What is @system's for both is no finding when it is found; that it is read is told again, where anybody wants to know.
      const isSystems = (node: IndexNode): boolean => {
        const owners = index.owners(node).map((id) => index.cpv(id));
        return owners.length > 0 && owners.every((cpv) => wasSystem.has(cpv) && isSystem.has(cpv));
      };
      const { each, first } = this.#told ?? {};
      const forgotten = (node: IndexNode): Forgotten => {
        if (each === undefined || first === undefined) return isSystems(node) ? 'start' : 'name';
        if (view.isOf(node, first)) return view.isOf(node, each) ? 'name' : 'start';
        // What is hidden may be shown before the next time.
        return view.isOf(node, view.visible) || view.isNobodys(node) ? 'nothing' : 'name';
      };
      await forget();
      await this.#live.forgetUses(forgotten);
      return {
        shown: [...set.visible.keys()].filter((cpv) => !before.has(cpv)),
        hidden: [...before.keys()].filter((cpv) => !set.visible.has(cpv)),
        paths: [],
      };
    });
  }

  /** What has changed since the view was mounted, apart from packages that came and went. */
  get changesMade(): LiveChangesMade {
    const unsatisfied = this.#planned.set.unsatisfied
      .filter(({ variable }) => variable !== 'RDEPEND' && variable !== 'PDEPEND')
      .map(({ atom }) => atom);
    return {
      allowed: this.#allowed,
      denied: this.#denied,
      missing: [...new Set([...unsatisfied, ...this.#absent])],
      problem: this.#problem ?? null,
    };
  }

  /**
   * Shows installed packages with what they need to run, and single paths.
   *
   * @param names atoms, names, sets, or absolute paths
   * @throws LvfsError exit 20 for a name that no installed package matches; NO_SUCH_PATH
   */
  allow(names: readonly string[]): Promise<LiveResult> {
    return this.#inTurn(() => {
      const { atoms, paths } = this.#sort(names);
      const matched = new Set(this.#planned.system.matchInstalled(atoms));
      const denied = this.#denied.filter((name) => !paths.includes(name) && !this.#isCovered(name, matched));
      return this.#change([...this.#allowed, ...atoms, ...paths], denied, paths, atoms);
    });
  }

  /**
   * Hides packages, with what only they brought in, and single paths.
   *
   * @throws LvfsError as {@link allow}
   */
  deny(names: readonly string[]): Promise<LiveResult> {
    return this.#inTurn(() => {
      const { atoms, paths } = this.#sort(names);
      // What was allowed can be taken back although it is not installed any more.
      const matched = new Set(
        atoms.flatMap((name) =>
          this.#allowed.includes(name)
            ? this.#installedAs(name)
            : this.#planned.system.matchInstalled([name]),
        ),
      );
      const isNamed = (name: string): boolean => paths.includes(name) || atoms.includes(name);
      const allowed = this.#allowed.filter((name) => !isNamed(name) && !this.#isCovered(name, matched));
      // What is visible only because it was allowed is gone with that.
      const without = this.#planned.system.visibleSet(this.#currentSet(allowed, this.#denied));
      const still = atoms.filter((atom) => this.#installedAs(atom).some((cpv) => without.visible.has(cpv)));
      const wasShown = (path: string): boolean => this.#allowed.includes(path);
      const denied = [...this.#denied, ...still, ...paths.filter((path) => !wasShown(path))];
      return this.#change(allowed, denied, paths);
    });
  }

  /**
   * Shows these installed packages, with what they need to run, beside what the view was mounted with, and nothing else: whatever
   * {@link allow} and {@link deny} changed is undone.
   */
  showBesides(cpvs: readonly PackageId[]): Promise<LiveResult> {
    return this.#inTurn(() =>
      this.#change(
        cpvs.map((cpv) => this.#nameOf(cpv)),
        [],
        [],
      ),
    );
  }

  /** What is shown with an installed package because it needs it to run, of what the view was mounted without. */
  needsOf(cpv: PackageId): PackageId[] {
    const without = this.#planned.system.visibleSet(this.#currentSet([], [])).visible;
    const shown = this.#planned.system.visibleSet(this.#currentSet([this.#nameOf(cpv)], [])).visible;
    return [...shown.keys()].filter((one) => one !== cpv && !without.has(one)).sort();
  }

  /** Means exactly one installed package. */
  #nameOf(cpv: PackageId): string {
    // Of two systems each name means the one that the package is of.
    const name = `=${cpv}`;
    return this.#planned.sysroot === undefined || isInSysroot(cpv) ? name : namedIn('root', name);
  }

  /** Installed packages that are hidden and could be shown for a build: versions of the targets could not, they would be taken for the result. */
  hiddenPackages(): PackageId[] {
    const targets = new Set(this.#planned.targets.map(packageName));
    return this.#planned.index.packages
      .map(({ cpv }) => cpv)
      .filter((cpv) => !this.#planned.set.visible.has(cpv) && !targets.has(plainPackageName(cpv)))
      .sort();
  }

  #sort(names: readonly string[]): { atoms: string[]; paths: string[] } {
    const atoms = names.filter((name) => !name.startsWith('/'));
    const paths = names.filter((name) => name.startsWith('/')).map((name) => this.#canonicalPath(name));
    return { atoms, paths };
  }

  #canonicalPath(path: string): string {
    const found = this.#planned.view.canonical(Buffer.from(path));
    if (found === undefined || found.kind === hostKind.missing) {
      throw new LvfsError('NO_SUCH_PATH', `${path}: does not exist on the host`);
    }
    return Buffer.from(this.#planned.view.pathOf(found.node), 'latin1').toString('utf8');
  }

  /** Whether all that a name stands for is among `matched`; of nothing that is not said. */
  #isCovered(name: string, matched: ReadonlySet<PackageId>): boolean {
    const found = name.startsWith('/') ? [] : this.#installedAs(name);
    return found.length > 0 && found.every((cpv) => matched.has(cpv));
  }

  /** What a name stands for that was good once; nothing when it is not installed any more. */
  #installedAs(name: string): readonly PackageId[] {
    try {
      return this.#planned.system.matchInstalled([name]);
    } catch (error) {
      if (!(error instanceof LvfsError) || error.exit !== exitStatus.noPackage) throw error;
      return [];
    }
  }

  /**
   * The request as it is after live changes: what was allowed is no longer excluded, and the other way round. What was good when the
   * view was mounted may be missing now.
   *
   * @param asked names that are just being asked for: these have to be installed
   */
  #currentSet(
    allowed: readonly string[],
    denied: readonly string[],
    asked: readonly string[] = [],
  ): SetRequest {
    const { set } = this.#planned.request;
    const atoms = (names: readonly string[]): string[] => names.filter((name) => !name.startsWith('/'));
    const matched = (names: readonly string[]): ReadonlySet<PackageId> =>
      new Set(atoms(names).flatMap((name) => this.#installedAs(name)));
    const isKnown = (name: string): boolean => asked.includes(name) || this.#installedAs(name).length > 0;
    const [shown, hidden] = [matched(allowed), matched(denied)];
    const wanted = [...(set.with ?? []).filter((name) => !this.#isCovered(name, hidden)), ...atoms(allowed)];
    const unwanted = [
      ...(set.without ?? []).filter((name) => !this.#isCovered(name, shown)),
      ...atoms(denied),
    ];
    this.#absent = wanted.filter((name) => !isKnown(name));
    return {
      ...set,
      allowMissing: true,
      with: wanted.filter(isKnown),
      without: unwanted.filter(isKnown),
    };
  }

  async #change(
    allowed: readonly string[],
    denied: readonly string[],
    paths: readonly string[],
    asked: readonly string[] = [],
  ): Promise<LiveResult> {
    const set = this.#planned.system.visibleSet(this.#currentSet(allowed, denied, asked));
    const before = this.#planned.set.visible;
    const escaped = (names: readonly string[]): string[] =>
      names.filter((name) => name.startsWith('/')).map(literalGlob);
    const overrides: Overrides = {
      show: [...this.#planned.shown, ...escaped(allowed)],
      hide: [...this.#planned.request.hide, ...escaped(denied)],
    };
    const [show, hide] = [new Set(allowed), new Set(denied)];
    await this.#adopt(set, this.#hasOverrides(overrides) ? {} : { overrides });
    this.#allowed = [...show];
    this.#denied = [...hide];
    return {
      shown: [...set.visible.keys()].filter((cpv) => !before.has(cpv)),
      hidden: [...before.keys()].filter((cpv) => !set.visible.has(cpv)),
      paths,
    };
  }

  #hasOverrides({ show, hide }: Overrides): boolean {
    const now = this.#planned.view.overrides;
    return now.show.join('\0') === show.join('\0') && now.hide.join('\0') === hide.join('\0');
  }

  /** Makes a new set the one in force, and resolves when the kernel holds nothing older. */
  async #adopt(set: VisibleSet, more: Pick<ViewChange, 'updated' | 'overrides'>): Promise<void> {
    const change: ViewChange = { ...more, ...this.#planned.bitsOf(set) };
    await this.#live.apply(change);
    // Where nothing can be taken back, what the kernel holds has to expire.
    if (this.#staleMs > 0) await delay(this.#staleMs);
    this.#planned.take(set);
    this.#updateTold();
    this.#changes++;
  }
}
