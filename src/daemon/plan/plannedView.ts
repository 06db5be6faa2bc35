/**
 * A view without a mount: the visible set of a request, the index of the host, and the rules over both. `lvfs why --for`
 * asks it directly; a session mounts it and changes it when packages come and go (`LiveView`).
 */
import { lstatSync, readlinkSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import {
  errorCode,
  isWithin,
  LvfsError,
  realOf,
  resolveWithin,
  silent,
  type Listener,
  type Logger,
  type PackageId,
} from '../../base/index.js';
import { NodeHost } from '../../filesystem/index.js';
import type { EqualPackage, Naming, System, VisibleSet } from '../../portage/index.js';
import {
  hostKind,
  literalGlob,
  View,
  type IndexStore,
  type PathIndex,
  type SharedView,
} from '../../view/index.js';
import { explainPath } from './explainPath.js';
import type { Explanation } from './explanation.js';
import { installedState, loadSystemIndex, openSystemIndex, readSystem } from './systemIndex.js';
import { tellUntested } from './plan.js';
import { systemPathList, systemPlaces } from './systemPlaces.js';
import {
  configurationRoot,
  placeInside,
  planBinds,
  type BindPlan,
  type PlanOptions,
} from '../overlay/binds.js';
import { otherViews } from '../registry/mounts.js';
import { registryDirectory } from '../registry/registry.js';
import type { BindRequest, Shown, ViewRequest } from '../request.js';

/** Who installs a program that may be asked for. */
const programPackages: Readonly<Record<string, string>> = { emerge: 'sys-apps/portage' };

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
export async function planView(request: OpenRequest, listener: Listener): Promise<PlannedView> {
  const { log } = listener;
  const system = readSystem(request.locations, log, request.cache);
  // It is read while the set is computed.
  const saved = loadSystemIndex(system, request.cache, log);
  const set = system.visibleSet(request.set);
  tellUntested(set, request.set, log);
  const options: PlanOptions = {
    prefix: system.prefix,
    reserved: request.mountpoint === undefined ? [] : [request.mountpoint],
    own: [realOf(registryDirectory()) ?? []].flat(),
  };
  const plan = (binds: BindRequest): BindPlan => planBinds(system, binds, options);
  const { workingDirectory, ...binds } = request.binds ?? noBinds;
  const planned = request.binds === undefined ? undefined : plan(binds);
  const store = openSystemIndex(system, request.cache, await saved, listener);
  const parts = { request, system, set, plan: planned, store, log };
  if (workingDirectory !== undefined) {
    const without = new PlannedView({ ...parts, log: silent });
    const target = placeInside(system.root, workingDirectory);
    if (without.hostPathOf(target) !== undefined && !without.isDirectory(target)) {
      // Nothing is made on the host to mount on.
      log(
        'warn',
        `${workingDirectory}: is not in the directory that is bound there, so the command starts in /`,
      );
    } else if (!without.isDirectory(target)) {
      log('info', `${workingDirectory}: not in the view, so the host's is shown there, writable`);
      return new PlannedView({ ...parts, plan: plan({ ...binds, workingDirectory }) });
    }
  }
  return new PlannedView(parts);
}

const noBinds: BindRequest = { defaults: false, create: false, binds: [], readOnlyBinds: [] };

/**
 * Explains paths in the view that a request would give.
 *
 * @param paths absolute, in bytes
 */
export async function explainFor(
  request: ViewRequest,
  paths: readonly Buffer[],
  listener: Listener,
): Promise<Explanation[]> {
  const open = await planView(request, listener);
  open.save();
  return paths.map((path) => open.explain(path));
}

/** What a view is made of. */
interface PlannedParts {
  readonly request: OpenRequest;
  readonly system: System;
  readonly set: VisibleSet;
  readonly plan: BindPlan | undefined;
  readonly store: IndexStore;
  readonly log: Logger;
}

/** See the head of this file. */
export class PlannedView {
  readonly view: View;
  /** Host paths of the databases of installed packages. */
  readonly databases: readonly string[];
  /** What is to be mounted over the view, if anything. */
  readonly plan: BindPlan | undefined;
  /** The mount points of other views when this one was made; see {@link avoid}. */
  readonly avoidedAtFirst: readonly string[];
  #request: OpenRequest;
  readonly host = new NodeHost();
  readonly #store: IndexStore;
  #system: System;
  #set: VisibleSet;
  /** See {@link visiblePaths}; undefined when it has to be counted again. */
  #paths: number | undefined;

  /** Use {@link planView}. */
  constructor({ request, system, set, plan, store, log }: PlannedParts) {
    this.#request = request;
    this.plan = plan;
    this.#system = system;
    this.#store = store;
    this.#set = set;
    this.databases = system.databases;
    const { trees, directories, ...where } = systemPlaces(system, request.locations);
    this.avoidedAtFirst = otherViews(request.mountpoint);
    this.view = View.create(
      store.index,
      {
        ...where,
        directories: [...directories, ...(plan?.directories ?? [])],
        root: system.root,
        ...(request.mountpoint === undefined ? {} : { mountPoint: request.mountpoint }),
        systemPaths: [...systemPathList(request.systemPaths, log, system), ...trees],
        overrides: { show: this.shown, hide: request.hide },
      },
      this.host,
      log,
    );
    this.view.change({ ...this.bitsOf(set), avoided: this.avoidedAtFirst });
  }

  /** Globs of what is shown from the beginning: asked for, or to be mounted on. */
  get shown(): readonly string[] {
    return [...this.#request.show, ...(this.plan?.files ?? []).map(literalGlob)];
  }

  /** The system as it was read last. */
  get system(): System {
    return this.#system;
  }

  /** The visible set in force. */
  get set(): VisibleSet {
    return this.#set;
  }

  /** What is asked for. */
  get request(): OpenRequest {
    return this.#request;
  }

  /** The system as it is at this time; nothing is taken over yet. */
  readSystem(): System {
    return this.#system.renewed();
  }

  /** Takes a system over; {@link update} is due then. */
  use(system: System): void {
    this.#system = system;
  }

  /**
   * Brings the index up to what is installed in the system.
   *
   * @param set what is going to be in force: what of it has come takes its paths over before their owners go
   * @returns the packages that have come, gone and changed, and the nodes of all these
   */
  update(set: VisibleSet | undefined): ReturnType<IndexStore['update']> {
    return this.#store.update(installedState(this.#system), (added) => {
      if (set !== undefined) this.view.showAtOnce(this.ids(added.filter((cpv) => set.visible.has(cpv))));
    });
  }

  /** From now on something else is asked for; which set that is, the caller says. */
  ask({ set, show, hide }: Shown): void {
    this.#request = { ...this.#request, set, show, hide };
  }

  /** From now on another set is in force; the view's own bits are the caller's to change. */
  take(set: VisibleSet): void {
    this.#set = set;
    this.#paths = undefined;
  }

  /** The packages of a set by their ids, as a view wants them. */
  bitsOf({ visible, metadataOnly }: VisibleSet): { visible: number[]; metadataOnly: number[] } {
    return { visible: this.ids(visible.keys()), metadataOnly: this.ids(metadataOnly) };
  }

  /** See `System.atomFor`. */
  atomFor(cpv: PackageId): string {
    return this.#system.atomFor(cpv);
  }

  /** See `System.namesFor`. */
  namesFor(cpv: PackageId, paths: readonly string[]): readonly Naming[] {
    return this.#system.namesFor(cpv, paths);
  }

  /** See `System.equalsOf`. */
  equalsOf(cpv: PackageId, paths: readonly string[]): readonly EqualPackage[] {
    return this.#system.equalsOf(cpv, paths);
  }

  /** Portage's FEATURES for the targets. */
  get features(): readonly string[] {
    return (this.#system.variable('FEATURES') ?? '').split(/\s+/);
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

  /** How many paths visible packages own. */
  visiblePaths(): number {
    if (this.#paths !== undefined) return this.#paths;
    const counted = new Uint8Array(this.index.nodeCount);
    let count = 0;
    for (const id of this.ids(this.#set.visible.keys())) {
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

  /** The host's file of a path, absolute inside, with its links followed as inside; undefined: it is not there when the plan is carried out. */
  fileOf(path: string): string | undefined {
    const top = this.#system.root === '/' ? '' : this.#system.root;
    const inside = resolveWithin('', path, '', (link) => linkAt(this.hostPathOf(link) ?? top + link));
    if (!this.hasFile(path) || !this.hasFile(inside)) return undefined;
    return this.hostPathOf(inside) ?? top + inside;
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

  /** Whether a variable of the environment counts. */
  usesVariable(name: string): boolean {
    return this.#system.usesVariable(name);
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

  /** The ids of those packages that the index knows. */
  ids(cpvs: Iterable<PackageId>): number[] {
    const ids: number[] = [];
    for (const cpv of cpvs) {
      const id = this.index.packageId(cpv);
      if (id >= 0) ids.push(id);
    }
    return ids;
  }
}

/** The target of a link; undefined for anything else. */
function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return undefined;
  }
}
