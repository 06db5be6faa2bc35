/**
 * A view without a mount: the visible set of a request, the index of the host, and the rules over both. `lvfs why --for`
 * asks it directly; a session shares it with its serving threads and changes it when packages come and go.
 */
import { existsSync, lstatSync, realpathSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  describeError,
  errorCode,
  exitStatus,
  isInSysroot,
  isWithin,
  LvfsError,
  packageName,
  rootMark,
  silent,
  unmarked,
  type Logger,
} from '../../base/index.js';
import { findDriver, type Connection } from '../../fuse/index.js';
import { kernelNodeId, NodeHost } from '../../filesystem/index.js';
import {
  chainsTo,
  type SetRequest,
  type System,
  type SystemLocations,
  type VisibleSet,
} from '../../portage/index.js';
import {
  hostKind,
  literalGlob,
  LiveChanges,
  rule,
  ruleNames,
  systemPaths,
  systemPathsOfPrefix,
  systemPathsOfSysroot,
  View,
  type HostChange,
  type IndexNode,
  type IndexStore,
  type Overrides,
  type PathIndex,
  type Rule,
  type SharedView,
  type SystemPath,
  type ViewChange,
  type ViewSettings,
} from '../../view/index.js';
import { systemPackages } from '../report/auditing.js';
import { leadsNowhere, type Explanation } from './explanation.js';
import { installedState, loadSystemIndex, openSystemIndex, readSystem } from './systemIndex.js';
import {
  configurationRoot,
  placeInside,
  planBinds,
  type BindPlan,
  type PlanOptions,
} from '../overlay/binds.js';
import { otherViews } from '../registry/mounts.js';
import { registryDirectory } from '../registry/registry.js';
import type { BindRequest, LiveChangesMade, LiveResult, SystemPathChange, ViewRequest } from '../request.js';

export type { SystemPath };

/** Directories that builds need as mount points, whatever the root has. */
const mountPlaces = [
  '/dev',
  '/proc',
  '/run',
  '/sys',
  '/tmp',
  '/var/cache/edb',
  '/var/db',
  '/var/log',
  '/var/tmp',
];

/** Portage's variables that name directories in which builds write. */
const writtenDirectories = ['PORTAGE_TMPDIR', 'DISTDIR', 'PKGDIR'];

/** Who installs a program that may be asked for. */
const programPackages: Readonly<Record<string, string>> = { emerge: 'sys-apps/portage' };

/**
 * The built-in system paths with the changes of the configuration, those of the user first.
 *
 * @param places Gentoo Prefix offset and sysroot, as paths inside the root; empty: none
 */
export function systemPathList(
  changes: readonly SystemPathChange[],
  log: Logger,
  { prefix, sysroot }: Pick<System, 'prefix' | 'sysroot'>,
): SystemPath[] {
  const builtIn = [
    ...(prefix === '' ? systemPaths : systemPathsOfPrefix(prefix)),
    ...(sysroot === '' ? [] : systemPathsOfSysroot(sysroot)),
  ];
  const removed = new Set(changes.filter(({ remove }) => remove).map(({ path }) => path));
  const added = changes.filter(({ remove }) => !remove);
  for (const path of removed) {
    if (!builtIn.some((entry) => entry.path === path))
      log('warn', `system path ${path}: is not on the list, so it cannot be removed`);
  }
  const replaced = new Set([...removed, ...added.map(({ path }) => path)]);
  return [
    ...builtIn.filter(({ path }) => !replaced.has(path)),
    ...added.map(({ path, kind, reason, packages }) => ({
      path,
      kind,
      reason,
      ...(packages === undefined ? {} : { packages }),
    })),
  ];
}

/** Where a view's database, configuration and repositories are shown when they are not at their usual places. */
function places(
  system: System,
  locations: SystemLocations,
): Pick<ViewSettings, 'grafts' | 'directories' | 'vdb' | 'sysroot'> & {
  prefix: string;
  trees: SystemPath[];
} {
  const { root, prefix, sysroot } = system;
  const inside = (host: string): string | undefined =>
    isWithin(host, root) ? `/${relative(root, host)}` : undefined;
  const grafts: { path: string; host: string }[] = [];
  const graft = (path: string, host: string): void => {
    if (existsSync(host) && realOf(join(root, path)) !== host) grafts.push({ path, host });
  };
  const vdb = `${prefix}/var/db/pkg`;
  if (locations.vdb !== undefined) graft(vdb, system.database);
  if (locations.configRoot !== undefined) graft(`${prefix}${sysroot}/etc/portage`, system.userConfiguration);
  const trees: SystemPath[] = [];
  for (const { name, location } of system.repositories()) {
    const path = inside(location);
    if (path === undefined) graft(`${prefix}/var/db/repos/${name}`, location);
    else trees.push({ path, kind: 'tree', reason: `The repository ${name}.`, follow: 'itself' });
  }
  const written = writtenDirectories.flatMap((name) => {
    const path = system.variable(name);
    return path?.startsWith('/') === true ? [resolve(path)] : [];
  });
  return {
    prefix,
    vdb,
    ...(sysroot === '' ? {} : { sysroot }),
    grafts,
    trees,
    directories: [...mountPlaces.map((path) => prefix + path), ...written],
  };
}

function realOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return undefined;
  }
}

/** Explains a path. */
function explainPath(view: View, set: VisibleSet, path: Buffer): Explanation {
  const { index } = view;
  const given = path.toString('latin1');
  const found = view.canonical(path);
  if (found === undefined) {
    const nothing = { canonical: given, exists: false, owners: [], chain: [], detail: leadsNowhere };
    return { path: given, ...nothing, visible: false, rule: ruleName(rule.absent) };
  }
  const { node, kind } = found;
  const owners = (kind === hostKind.directory ? index.ownersWithin(node) : index.owners(node))
    .map((id) => index.cpv(id))
    .sort();
  const facts = { path: given, canonical: view.pathOf(node), exists: kind !== hostKind.missing, owners };
  const exists = facts.exists || view.isAlwaysThere(node);
  if (!exists) return { ...facts, visible: false, rule: ruleName(rule.absent), detail: '', chain: [] };
  const shown = facts.exists ? kind : hostKind.directory;
  const decided = view.decide(node, shown);
  const visible = view.isVisible(node, shown);
  const owner = visible ? owners.find((cpv) => set.visible.has(cpv)) : undefined;
  const chain = owner === undefined ? [] : (chainsTo(set, owner, 1)[0] ?? []);
  if (visible === decided > 0) {
    return { ...facts, visible, rule: ruleName(decided), detail: view.detail(node, decided), chain };
  }
  // Visible by itself, but a directory above it is not.
  let above = index.parent(node);
  while (view.isVisibleDirectory(above) || !view.isVisibleDirectory(index.parent(above)))
    above = index.parent(above);
  const reason = view.decide(above, hostKind.directory);
  return { ...facts, visible, rule: ruleName(reason), detail: view.pathOf(above), chain };
}

function ruleName(decided: Rule): string {
  return ruleNames.get(decided) ?? '';
}

/** A request with the place at which it will be mounted, if any. */
export interface OpenRequest extends ViewRequest {
  /** Canonical; hidden inside the view. */
  readonly mountpoint?: string;
  /** What will be mounted over it. */
  readonly binds?: BindRequest;
}

/**
 * Opens a view.
 *
 * @throws LvfsError what Portage's data or the targets make impossible; see `System.visibleSet`
 */
export async function openView(
  request: OpenRequest,
  log: Logger,
  progress: (text: string) => void,
): Promise<OpenView> {
  const system = readSystem(request.locations, log, request.cache);
  // It is read while the set is computed.
  const saved = loadSystemIndex(system, request.cache, log);
  const set = system.visibleSet(request.set);
  const options: PlanOptions = {
    prefix: system.prefix,
    reserved: request.mountpoint === undefined ? [] : [request.mountpoint],
    own: [realOf(registryDirectory()) ?? []].flat(),
  };
  const plan = (binds: BindRequest): BindPlan => planBinds(system, binds, options);
  const { workingDirectory, ...binds } = request.binds ?? noBinds;
  const planned = request.binds === undefined ? undefined : plan(binds);
  const store = openSystemIndex(system, request.cache, log, progress, await saved);
  if (workingDirectory !== undefined) {
    const without = new OpenView(request, system, set, planned, store, silent);
    if (!without.isDirectory(placeInside(system.root, workingDirectory))) {
      log('info', `${workingDirectory}: not in the view, so the host's is shown there, writable`);
      return new OpenView(request, system, set, plan({ ...binds, workingDirectory }), store, log);
    }
  }
  return new OpenView(request, system, set, planned, store, log);
}

/** How soon room in the index is looked for again after there was none. */
const crowdedPauseMs = 1000;

const noBinds: BindRequest = { defaults: false, create: false, binds: [], readOnlyBinds: [] };

/**
 * Explains paths in the view that a request would give.
 *
 * @param paths absolute, in bytes
 */
export async function explainFor(
  request: ViewRequest,
  paths: readonly Buffer[],
  log: Logger,
  progress: (text: string) => void,
): Promise<Explanation[]> {
  const open = await openView(request, log, progress);
  open.save();
  return paths.map((path) => open.explain(path));
}

/** See the head of this file. */
export class OpenView {
  readonly view: View;
  /** Host paths of the databases of installed packages. */
  readonly databases: readonly string[];
  /** What is to be mounted over the view, if anything. */
  readonly plan: BindPlan | undefined;
  /** The mount points of other views when this one was made; see {@link avoid}. */
  readonly avoidedAtFirst: readonly string[];
  readonly #request: OpenRequest;
  readonly #host = new NodeHost();
  readonly #log: Logger;
  readonly #store: IndexStore;
  #system: System;
  #set: VisibleSet;
  /** What `allow` and `deny` changed, as given: atoms, and absolute paths. */
  #allowed: readonly string[] = [];
  #denied: readonly string[] = [];
  #live: LiveChanges | undefined;
  /** Files of the view that are mounted on. */
  readonly #covered: ReadonlySet<number>;
  /** How long the kernel may hold what is not so any more. */
  #staleMs = 0;
  #changes = 0;
  /** See {@link attributed}. */
  #attributed: Uint32Array | undefined;
  /** See {@link visiblePaths}; undefined when it has to be counted again. */
  #paths: number | undefined;
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

  /** Use {@link openView}. */
  constructor(
    request: OpenRequest,
    system: System,
    set: VisibleSet,
    plan: BindPlan | undefined,
    store: IndexStore,
    log: Logger,
  ) {
    this.#request = request;
    this.#system = system;
    this.plan = plan;
    this.#log = log;
    this.#store = store;
    this.#set = set;
    this.databases = system.databases;
    const { trees, directories, ...where } = places(system, request.locations);
    this.avoidedAtFirst = otherViews(request.mountpoint);
    this.view = View.create(
      store.index,
      {
        ...where,
        directories: [...directories, ...(plan?.directories ?? [])],
        root: system.root,
        ...(request.mountpoint === undefined ? {} : { mountPoint: request.mountpoint }),
        systemPaths: [...systemPathList(request.systemPaths, log, system), ...trees],
        overrides: { show: this.#shown, hide: request.hide },
      },
      this.#host,
      log,
    );
    this.view.change({
      visible: this.#ids(set.visible.keys()),
      metadataOnly: this.#ids(set.metadataOnly),
      avoided: this.avoidedAtFirst,
    });
    this.#covered = new Set(
      (plan?.files ?? []).flatMap((path) => this.view.canonical(Buffer.from(path))?.node ?? []),
    );
  }

  /** Globs of what is shown from the beginning: asked for, or to be mounted on. */
  get #shown(): readonly string[] {
    return [...this.#request.show, ...(this.plan?.files ?? []).map(literalGlob)];
  }

  /** The visible set in force. */
  get set(): VisibleSet {
    return this.#set;
  }

  /** See `System.atomFor`. */
  atomFor(cpv: string): string {
    return this.#system.atomFor(cpv);
  }

  get index(): PathIndex {
    return this.#store.index;
  }

  /** The targets as resolved. */
  get targets(): readonly string[] {
    return this.#set.targets.map(({ cpv }) => cpv);
  }

  get visiblePackages(): number {
    return this.#set.visible.size;
  }

  /** How often the visible set has changed. */
  get changes(): number {
    return this.#changes;
  }

  /**
   * Memory with a bit for each package that is visible and not @system, by its id; kept up to date. Uses of theirs may
   * be findings.
   */
  get attributed(): SharedArrayBuffer {
    const buffer = new SharedArrayBuffer(this.view.visible.byteLength);
    this.#attributed = new Uint32Array(buffer);
    this.#attribute();
    return buffer;
  }

  #attribute(): void {
    const bits = this.#attributed;
    if (bits === undefined) return;
    const system = systemPackages(this.#set);
    bits.fill(0);
    for (const id of this.#ids([...this.#set.visible.keys()].filter((cpv) => !system.has(cpv))))
      (bits[id >>> 5] as number) |= 1 << (id & 31);
  }

  /** How many paths visible packages own. */
  visiblePaths(): number {
    if (this.#paths !== undefined) return this.#paths;
    const counted = new Uint8Array(this.index.nodeCount);
    let count = 0;
    for (const id of this.#ids(this.#set.visible.keys())) {
      for (const node of this.index.nodesOf(id)) {
        if (counted[node] !== 0) continue;
        counted[node] = 1;
        count++;
      }
    }
    this.#paths = count;
    return count;
  }

  /** Whether and why a path is there; `path` is absolute inside the view, in bytes. */
  explain(path: Buffer): Explanation {
    this.view.begin();
    return explainPath(this.view, this.#set, path);
  }

  /** What a serving thread attaches to. */
  share(): SharedView {
    return this.view.share();
  }

  /** From now on the kernel holds answers of this view, and changes are made known to it. */
  serve(connection: Connection): void {
    const { notifier, activity, endpoint } = connection;
    const caches = {
      dropName: (directory: IndexNode, name: Uint8Array): void => {
        // The kernel would take away what is mounted there, and nobody sees what is below.
        if (!this.#covered.has(this.index.find(directory, name)))
          notifier?.invalidateEntry(directory + 1, name, true);
      },
      dropNode: (node: IndexNode, content: boolean): void =>
        notifier?.invalidateNode(kernelNodeId(this.view, this.#host, node), content ? 0 : -1, 0),
    };
    this.#live = new LiveChanges(this.view, caches, activity);
    this.index.onCrowded = () => void this.makeRoom();
    this.#staleMs = findDriver(endpoint.driver).capabilities.staleSeconds * 1000;
  }

  /** From now on nothing at or below these host paths is asked for; they are the mount points of all other views. */
  avoid(paths: readonly string[]): Promise<void> {
    return this.#inTurn(async () => {
      await this.#live?.apply({ avoided: paths });
      // Nothing that was open there may keep it busy.
      this.view.host.forget();
    });
  }

  /** Makes changes of the host that are no merges known to the kernel. */
  async hostChanged(changes: readonly HostChange[]): Promise<void> {
    await this.#live?.hostChanged(changes);
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
        given = (await this.#live?.makeRoom()) ?? 0;
        this.#log('debug', `the index was crowded: ${given} names that came and went are forgotten`);
      } catch (error) {
        this.#log('error', `no room could be made in the index: ${describeError(error)}`);
      }
      this.#lacksRoom = given === 0;
      // The kernel may be about to give back more; and where there is nothing, it is no use to look all the time.
      if (this.#lacksRoom) await delay(crowdedPauseMs, undefined, { ref: false });
    } while (this.#lacksRoom && this.#hasHostChanged);
    this.index.listenAgain();
  }

  #noteHostChange(): void {
    this.#hasHostChanged = true;
    if (this.#lacksRoom) void this.makeRoom();
  }

  /** Makes the kernel look at everything again: nobody knows what has changed. */
  async hostLost(): Promise<void> {
    await this.#live?.everythingChanged();
    this.#noteHostChange();
  }

  /**
   * Brings the view up to what is installed now. What is not installed any more is gone in any case: a build dependency, or something
   * that was allowed, is {@link LiveChangesMade.missing} then, and is seen again when it is merged again. Where no set can be computed,
   * the one from before holds, as far as it is installed.
   */
  reload(): Promise<void> {
    return this.#inTurn(async () => {
      const system = readSystem(this.#request.locations, this.#log, this.#request.cache);
      const { added, removed, changed, nodes } = this.#store.update(installedState(system));
      this.#system = system;
      const set = this.#setAfterMerge(new Set(removed));
      await this.#adopt(set, { updated: { nodes, packages: [...added, ...removed, ...changed] } });
    });
  }

  #setAfterMerge(removed: ReadonlySet<string>): VisibleSet {
    try {
      const set = this.#system.visibleSet(this.#currentSet(this.#allowed, this.#denied));
      this.#problem = undefined;
      return set;
    } catch (error) {
      if (!(error instanceof LvfsError)) throw error;
      this.#problem = describeError(error);
      this.#log('warn', `what is visible cannot be computed anew and stays as it was: ${this.#problem}`);
      const { visible, metadataOnly, ...rest } = this.#set;
      return {
        ...rest,
        visible: new Map([...visible].filter(([cpv]) => !removed.has(cpv))),
        metadataOnly: metadataOnly.filter((cpv) => !removed.has(cpv)),
      };
    }
  }

  /** Makes one change after the other. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(change, change);
    this.#last = turn;
    return turn;
  }

  /** What has changed since the view was mounted, apart from packages that came and went. */
  get changesMade(): LiveChangesMade {
    const unsatisfied = this.#set.unsatisfied
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
      const matched = new Set(this.#system.matchInstalled(atoms));
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
          this.#allowed.includes(name) ? this.#installedAs(name) : this.#system.matchInstalled([name]),
        ),
      );
      const isNamed = (name: string): boolean => paths.includes(name) || atoms.includes(name);
      const allowed = this.#allowed.filter((name) => !isNamed(name) && !this.#isCovered(name, matched));
      // What is visible only because it was allowed is gone with that.
      const without = this.#system.visibleSet(this.#currentSet(allowed, this.#denied));
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
  showBesides(cpvs: readonly string[]): Promise<LiveResult> {
    return this.#inTurn(() =>
      this.#change(
        cpvs.map((cpv) => this.#nameOf(cpv)),
        [],
        [],
      ),
    );
  }

  /** What is shown with an installed package because it needs it to run, of what the view was mounted without. */
  needsOf(cpv: string): string[] {
    const without = this.#system.visibleSet(this.#currentSet([], [])).visible;
    const shown = this.#system.visibleSet(this.#currentSet([this.#nameOf(cpv)], [])).visible;
    return [...shown.keys()].filter((one) => one !== cpv && !without.has(one)).sort();
  }

  /** Means exactly one installed package. */
  #nameOf(cpv: string): string {
    // Of two systems each name means the one that the package is of.
    return `=${cpv}${this.sysroot === undefined || isInSysroot(cpv) ? '' : rootMark}`;
  }

  /** Installed packages that are hidden and could be shown for a build: versions of the targets could not, they would be taken for the result. */
  hiddenPackages(): string[] {
    const targets = new Set(this.targets.map(packageName));
    return this.index.packages
      .map(({ cpv }) => cpv)
      .filter((cpv) => !this.#set.visible.has(cpv) && !targets.has(packageName(unmarked(cpv))))
      .sort();
  }

  #sort(names: readonly string[]): { atoms: string[]; paths: string[] } {
    const atoms = names.filter((name) => !name.startsWith('/'));
    const paths = names.filter((name) => name.startsWith('/')).map((name) => this.#canonicalPath(name));
    return { atoms, paths };
  }

  #canonicalPath(path: string): string {
    const found = this.view.canonical(Buffer.from(path));
    if (found === undefined || found.kind === hostKind.missing) {
      throw new LvfsError('NO_SUCH_PATH', `${path}: does not exist on the host`);
    }
    return Buffer.from(this.view.pathOf(found.node), 'latin1').toString('utf8');
  }

  /** Whether all that a name stands for is among `matched`; of nothing that is not said. */
  #isCovered(name: string, matched: ReadonlySet<string>): boolean {
    const found = name.startsWith('/') ? [] : this.#installedAs(name);
    return found.length > 0 && found.every((cpv) => matched.has(cpv));
  }

  /** What a name stands for that was good once; nothing when it is not installed any more. */
  #installedAs(name: string): readonly string[] {
    try {
      return this.#system.matchInstalled([name]);
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
    const { set } = this.#request;
    const atoms = (names: readonly string[]): string[] => names.filter((name) => !name.startsWith('/'));
    const matched = (names: readonly string[]): ReadonlySet<string> =>
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
    const set = this.#system.visibleSet(this.#currentSet(allowed, denied, asked));
    const before = this.#set.visible;
    const escaped = (names: readonly string[]): string[] =>
      names.filter((name) => name.startsWith('/')).map(literalGlob);
    const overrides: Overrides = {
      show: [...this.#shown, ...escaped(allowed)],
      hide: [...this.#request.hide, ...escaped(denied)],
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
    const now = this.view.overrides;
    return now.show.join('\0') === show.join('\0') && now.hide.join('\0') === hide.join('\0');
  }

  /** Makes a new set the one in force, and resolves when the kernel holds nothing older. */
  async #adopt(set: VisibleSet, more: Pick<ViewChange, 'updated' | 'overrides'>): Promise<void> {
    const change: ViewChange = {
      ...more,
      visible: this.#ids(set.visible.keys()),
      metadataOnly: this.#ids(set.metadataOnly),
    };
    if (this.#live === undefined) throw new Error('a view that nobody serves cannot be changed');
    await this.#live.apply(change);
    // Where nothing can be taken back, what the kernel holds has to expire.
    if (this.#staleMs > 0) await delay(this.#staleMs);
    this.#set = set;
    this.#attribute();
    this.#paths = undefined;
    this.#changes++;
  }

  #isVisible(path: Buffer): boolean {
    const found = this.view.canonical(path);
    return (
      found !== undefined && found.kind !== hostKind.missing && this.view.isVisible(found.node, found.kind)
    );
  }

  /** Whether a directory, absolute and without symlinks, is there when the plan is carried out. */
  isDirectory(path: string): boolean {
    const bound = this.hostPathOf(path);
    if (bound !== undefined) return statSync(bound, { throwIfNoEntry: false })?.isDirectory() === true;
    this.view.begin();
    const found = this.view.canonical(Buffer.from(path));
    return (
      found !== undefined &&
      ((found.kind === hostKind.directory && this.view.isVisible(found.node, found.kind)) ||
        this.view.isAlwaysThere(found.node))
    );
  }

  /** Whether a program, absolute inside, is there when the plan is carried out. */
  hasFile(path: string): boolean {
    const bound = this.hostPathOf(path);
    if (bound !== undefined) return lstatSync(bound, { throwIfNoEntry: false }) !== undefined;
    this.view.begin();
    return this.#isVisible(Buffer.from(path));
  }

  /**
   * Makes sure that a program is there.
   *
   * @param search directories as in PATH
   * @throws LvfsError NO_PROGRAM: it is not installed, or hidden and by whom it is owned
   */
  requireProgram(name: string, search: string): void {
    const paths = search
      .split(':')
      .filter((directory) => directory.startsWith('/'))
      .map((directory) => join(directory, name));
    if (paths.some((path) => this.hasFile(path))) return;
    const others = `build with another program by --command`;
    const hidden = paths
      .map((path) => ({ path, found: this.explain(Buffer.from(path)) }))
      .find(({ found }) => found.exists);
    const owner = hidden?.found.owners[0];
    if (hidden !== undefined && owner !== undefined) {
      throw new LvfsError('NO_PROGRAM', `${name} is hidden: ${hidden.path} belongs to ${owner}`, {
        hint: `show it with --with ${this.atomFor(owner)}, or ${others}`,
      });
    }
    if (hidden !== undefined) {
      throw new LvfsError('NO_PROGRAM', `${name} is hidden: ${hidden.path} belongs to no package`, {
        hint: `show it with --show ${hidden.path}, or ${others}`,
      });
    }
    throw new LvfsError(
      'NO_PROGRAM',
      `${name} is not installed: PATH leads to none in ${this.#system.root}`,
      {
        hint: `install ${programPackages[name] ?? 'it'}, or ${others}`,
      },
    );
  }

  /** Where the host has what a bind shows at a path inside; undefined where none does. */
  hostPathOf(path: string): string | undefined {
    // What is bound deepest covers what lies below it.
    const bind = this.plan?.binds.findLast(({ target, kind }) => kind === 'bind' && isWithin(path, target));
    return bind?.source === undefined ? undefined : join(bind.source, relative(bind.target, path));
  }

  /** Variables that a command inside needs to find what was set apart. */
  environment(): Record<string, string> {
    const { sysroot, prefix } = this.#system;
    // Without binds a configuration set apart is seen at the usual place only.
    const root = this.plan === undefined ? sysroot || undefined : configurationRoot(this.#system, prefix);
    return {
      LVFS_TARGET: this.targets.join(' '),
      ...(root === undefined ? {} : { PORTAGE_CONFIGROOT: root }),
      ...(sysroot === '' ? {} : { ROOT: sysroot, SYSROOT: sysroot }),
      ...this.#system.repositoryEnvironment(),
    };
  }

  /** The sysroot as a path inside the view; undefined when there is none. */
  get sysroot(): string | undefined {
    return this.#system.sysroot === '' ? undefined : this.#system.sysroot;
  }

  /** The host directory that a variable of Portage names. */
  directoryOf(variable: string): string | undefined {
    const path = this.#system.variable(variable);
    return path?.startsWith('/') === true ? join(this.#system.root, path) : undefined;
  }

  /** Saves what is new in the index, and of the installed packages. */
  save(): void {
    this.#system.save();
    this.#store.save();
  }

  #ids(cpvs: Iterable<string>): number[] {
    const ids: number[] = [];
    for (const cpv of cpvs) {
      const id = this.index.packageId(cpv);
      if (id >= 0) ids.push(id);
    }
    return ids;
  }
}
