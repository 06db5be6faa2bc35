/** The settings of a view, and the places in the tree that are treated by themselves. */
import {
  cpvOf,
  isInSysroot,
  isRecord,
  isTexts,
  LvfsError,
  packageName,
  type PackageId,
} from '../base/index.js';
import { isGlob } from './glob.js';
import { GlobSet } from './globs.js';
import { rootNode, type IndexNode, type PathIndex } from './pathIndex.js';
import type { LinkedPlaces } from './linkedPlaces.js';
import type { SystemPath } from './systemPaths.js';

/**
 * What decides about a path. Positive: visible. The numbers are for comparing, the names are what `lvfs why` prints.
 */
export const rule = {
  hide: -1,
  hiddenOwner: -2,
  unowned: -3,
  absent: -4,
  /** A compiled cache that would tell of hidden files. */
  compiled: -5,
  show: 1,
  owned: 2,
  ancestor: 3,
  symlink: 4,
  cache: 5,
  system: 6,
} as const;

/** One of the numbers in {@link rule}. */
export type Rule = (typeof rule)[keyof typeof rule];

/** The words of `lvfs why`. */
export const ruleNames: ReadonlyMap<Rule, string> = new Map<Rule, string>([
  [rule.hide, 'hide'],
  [rule.hiddenOwner, 'hidden-owner'],
  [rule.unowned, 'unowned'],
  [rule.absent, 'absent'],
  [rule.show, 'show'],
  [rule.owned, 'owned'],
  [rule.ancestor, 'ancestor'],
  [rule.symlink, 'symlink'],
  [rule.cache, 'cache'],
  [rule.compiled, 'cache'],
  [rule.system, 'system'],
]);

/** Globs that decide before anything else; a directory that matches stands for its tree. */
export interface Overrides {
  readonly show: readonly string[];
  readonly hide: readonly string[];
}

/** Whether something is {@link Overrides}. */
export function isOverrides(value: unknown): value is Overrides {
  return isRecord(value) && isTexts(value['show']) && isTexts(value['hide']);
}

/** What a view is made with. Plain data, given to every serving thread; paths inside the root are view paths. */
export interface ViewSettings {
  /** Host path of the root, with its own links resolved. */
  root: string;
  /** Host path of the mount point, resolved; absent when nothing is mounted (`lvfs why`). */
  mountPoint?: string;
  /** Gentoo Prefix offset, where `etc` lies; default empty. */
  prefix?: string;
  /** Where the installed-package database is shown. */
  vdb: string;
  /** The sysroot that is built for; its database is shown at its `var/db/pkg`. */
  sysroot?: string;
  systemPaths: readonly SystemPath[];
  /** Directories that are shown from elsewhere: view path and host path. */
  grafts: readonly { path: string; host: string }[];
  /** Places of later mounts: always there, even when the host has no such directory. */
  directories: readonly string[];
  overrides: Overrides;
}

/** A place that decides about the unowned paths below it. */
export type Area =
  | { readonly kind: 'tree'; readonly entry: SystemPath; readonly packages: readonly number[] | undefined }
  | { readonly kind: 'directory' | 'private' | 'filtered'; readonly entry: SystemPath }
  | { readonly kind: 'beside'; readonly entry: SystemPath; readonly directory: IndexNode }
  | { readonly kind: 'vdb' }
  | { readonly kind: 'category'; readonly packages: readonly number[] }
  | { readonly kind: 'entry'; readonly package: number };

/** A compiled glob of the system paths. */
export interface SystemGlob {
  readonly globs: GlobSet;
  readonly entry: SystemPath;
  readonly packages: readonly number[] | undefined;
}

/** Where the VDB entry of a package is shown: the database, the category and the entry in it. */
export function entryPath(
  settings: ViewSettings,
  cpv: PackageId,
): [vdb: string, category: string, pf: string] {
  const vdb = isInSysroot(cpv) ? `${settings.sysroot ?? ''}/var/db/pkg` : settings.vdb;
  const plain = cpvOf(cpv);
  const slash = plain.indexOf('/');
  return [vdb, plain.slice(0, slash), plain.slice(slash + 1)];
}

/** The places of a view, by node. Made anew when packages come or go. */
export class Places {
  readonly areas = new Map<IndexNode, Area>();
  readonly globs: SystemGlob[] = [];
  /** Directories above (or at) a place, with those places: what makes them visible by rule 5. */
  readonly below = new Map<IndexNode, IndexNode[]>();
  /** Shown whatever the host has: grafts, places of later mounts, and the directories above them. */
  readonly always = new Set<IndexNode>();
  /** The children of {@link always} nodes that are in it, too. */
  readonly alwaysIn = new Map<IndexNode, IndexNode[]>();
  /** Directories whose subdirectories are private when no package uses them, with the place that says so. */
  readonly unusedIn = new Map<IndexNode, Area>();
  /** Directories whose subdirectories are places of the kind `beside`, with the entry that says so. */
  readonly #besideIn = new Map<IndexNode, SystemPath>();
  readonly #index: PathIndex;
  /** Directories in which a link that comes or goes makes other places. */
  readonly linksIn: ReadonlySet<IndexNode>;
  /** The VDB entry of each package. */
  readonly entryOf = new Map<number, IndexNode>();

  /**
   * @param locate the node of a view path, its parents taken through the root's links
   * @param placeOf where the directory at the beginning of a glob is; see {@link GlobSet}
   * @param linked finds out where links lead
   */
  constructor(
    index: PathIndex,
    settings: ViewSettings,
    locate: (path: string) => IndexNode,
    placeOf: (directory: string) => string,
    linked: LinkedPlaces,
  ) {
    this.#index = index;
    const idsByName = new Map<string, number[]>();
    const packages = index.packages;
    // Few packages are named, and most are ruled out by their category.
    const named = new Set(settings.systemPaths.flatMap((entry) => entry.packages ?? []).map(categoryOf));
    for (const { id, cpv } of packages)
      if (named.has(categoryOf(cpv))) append(idsByName, packageName(cpv), id);
    const idsOf = (entry: SystemPath) => entry.packages?.flatMap((name) => idsByName.get(name) ?? []);

    for (const entry of settings.systemPaths) {
      if (!entry.path.startsWith('/')) {
        throw new LvfsError(
          'BAD_SYSTEM_PATH',
          `the system path ${JSON.stringify(entry.path)} is not absolute`,
        );
      }
      if (entry.kind === 'tree' && isGlob(entry.path)) {
        this.globs.push({ globs: new GlobSet([entry.path], placeOf), entry, packages: idsOf(entry) });
        continue;
      }
      if ((entry.kind === 'private' || entry.kind === 'beside') && entry.path.endsWith('/*')) {
        // The dot makes a link at the end followed.
        const directory = entry.path === '/*' ? rootNode : locate(`${entry.path.slice(0, -2)}/.`);
        if (entry.kind === 'private') this.unusedIn.set(directory, { kind: 'private', entry });
        else this.#besideIn.set(directory, entry);
        continue;
      }
      if (entry.kind === 'beside') {
        throw new LvfsError(
          'BAD_SYSTEM_PATH',
          `the system path ${JSON.stringify(entry.path)} has to end in /*, being of the kind beside`,
        );
      }
      const node = locate(entry.path);
      this.areas.set(
        node,
        entry.kind === 'tree' ? { kind: 'tree', entry, packages: idsOf(entry) } : { kind: entry.kind, entry },
      );
      if (entry.kind !== 'private') this.#noteAbove(index, node);
      if (entry.follow !== undefined) linked.add(node, entry);
    }
    for (const [node, entry] of linked.places) {
      if (this.areas.get(node)?.kind === 'tree') continue;
      this.areas.set(node, { kind: 'tree', entry, packages: undefined });
      this.#noteAbove(index, node);
    }
    this.linksIn = linked.directories;

    const databases = new Map<string, IndexNode>();
    for (const path of [
      settings.vdb,
      ...(settings.sysroot === undefined ? [] : [`${settings.sysroot}/var/db/pkg`]),
    ]) {
      const vdb = locate(path);
      databases.set(path, vdb);
      this.areas.set(vdb, { kind: 'vdb' });
      this.#noteAbove(index, vdb);
    }
    const categories = new Map<IndexNode, number[]>();
    // Neighbours are mostly of one category.
    let category = rootNode;
    let categoryPath = '';
    for (const { id, cpv } of packages) {
      const [path, categoryName, pf] = entryPath(settings, cpv);
      if (categoryPath !== `${path}/${categoryName}`) {
        category = index.ensure(databases.get(path) ?? locate(path), Buffer.from(categoryName));
        categoryPath = `${path}/${categoryName}`;
      }
      const entry = index.ensure(category, Buffer.from(pf));
      append(categories, category, id);
      this.areas.set(entry, { kind: 'entry', package: id });
      this.entryOf.set(id, entry);
    }
    for (const [category, ids] of categories) this.areas.set(category, { kind: 'category', packages: ids });

    for (const { path } of settings.grafts) {
      const node = locate(path);
      const entry: SystemPath = { path, kind: 'tree', reason: 'Shown from another place.' };
      if (!this.areas.has(node)) this.areas.set(node, { kind: 'tree', entry, packages: undefined });
    }
    for (const path of [...settings.directories, ...settings.grafts.map((graft) => graft.path)]) {
      let node = locate(path);
      while (node !== rootNode && !this.always.has(node)) {
        this.always.add(node);
        const parent = index.parent(node);
        append(this.alwaysIn, parent, node);
        node = parent;
      }
    }
  }

  /** The place that a path is, if it is one. */
  at(node: IndexNode): Area | undefined {
    const area = this.areas.get(node);
    if (area !== undefined || node === rootNode) return area;
    const entry = this.#besideIn.get(this.#index.parent(node));
    if (entry === undefined) return undefined;
    const made: Area = { kind: 'beside', entry, directory: node };
    this.areas.set(node, made);
    return made;
  }

  #noteAbove(index: PathIndex, place: IndexNode): void {
    for (let node = place; node !== rootNode;) {
      node = index.parent(node);
      append(this.below, node, place);
    }
  }
}

function categoryOf(name: string): string {
  return name.slice(0, name.indexOf('/'));
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
