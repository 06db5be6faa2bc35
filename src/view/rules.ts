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

/** How places are found. */
export interface PlaceWays {
  /** The node of a view path, its parents taken through the root's links. */
  readonly locate: (path: string) => IndexNode;
  /** Where the directory at the beginning of a glob is; see {@link GlobSet}. */
  readonly placeOf: (directory: string) => string;
  /** Finds out where links lead. */
  readonly linked: LinkedPlaces;
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
  readonly #ways: PlaceWays;
  /** Directories in which a link that comes or goes makes other places. */
  readonly linksIn: ReadonlySet<IndexNode>;
  /** The VDB entry of each package. */
  readonly entryOf = new Map<number, IndexNode>();

  constructor(index: PathIndex, settings: ViewSettings, ways: PlaceWays) {
    this.#index = index;
    this.#ways = ways;
    const packages = packagesNamed(index, settings.systemPaths);
    for (const entry of settings.systemPaths) this.#addSystemPath(entry, packages);
    this.#addLinkedPlaces();
    this.linksIn = ways.linked.directories;
    this.#addDatabases(settings);
    this.#addGrafts(settings);
    this.#addAlwaysThere([...settings.directories, ...settings.grafts.map((graft) => graft.path)]);
  }

  /** @param packages the packages that are meant by names, of an entry that is tied to some */
  #addSystemPath(entry: SystemPath, packages: (names: readonly string[]) => number[]): void {
    const { path, kind } = entry;
    const { locate, placeOf, linked } = this.#ways;
    if (!path.startsWith('/'))
      throw new LvfsError('BAD_SYSTEM_PATH', `the system path ${JSON.stringify(path)} is not absolute`);
    const tied = entry.packages && packages(entry.packages);
    if (kind === 'tree' && isGlob(path)) {
      this.globs.push({ globs: new GlobSet([path], placeOf), entry, packages: tied });
      return;
    }
    if ((kind === 'private' || kind === 'beside') && path.endsWith('/*')) {
      // The dot makes a link at the end followed.
      const directory = path === '/*' ? rootNode : locate(`${path.slice(0, -2)}/.`);
      if (kind === 'private') this.unusedIn.set(directory, { kind, entry });
      else this.#besideIn.set(directory, entry);
      return;
    }
    if (kind === 'beside') {
      throw new LvfsError(
        'BAD_SYSTEM_PATH',
        `the system path ${JSON.stringify(path)} has to end in /*, being of the kind beside`,
      );
    }
    const node = locate(path);
    this.areas.set(node, kind === 'tree' ? { kind, entry, packages: tied } : { kind, entry });
    if (kind !== 'private') this.#noteAbove(node);
    if (entry.follow !== undefined) linked.add(node, entry);
  }

  /** Where the links in system paths lead. */
  #addLinkedPlaces(): void {
    for (const [node, entry] of this.#ways.linked.places) {
      if (this.areas.get(node)?.kind === 'tree') continue;
      this.areas.set(node, { kind: 'tree', entry, packages: undefined });
      this.#noteAbove(node);
    }
  }

  /** The package databases, with their categories and entries. */
  #addDatabases(settings: ViewSettings): void {
    const index = this.#index;
    const { locate } = this.#ways;
    const { vdb, sysroot } = settings;
    const databases = new Map<string, IndexNode>();
    for (const path of sysroot === undefined ? [vdb] : [vdb, `${sysroot}/var/db/pkg`]) {
      const node = locate(path);
      databases.set(path, node);
      this.areas.set(node, { kind: 'vdb' });
      this.#noteAbove(node);
    }
    const categories = new Map<IndexNode, number[]>();
    // Neighbours are mostly of one category.
    let category = rootNode;
    let categoryPath = '';
    for (const { id, cpv } of index.packages) {
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
    for (const [node, packages] of categories) this.areas.set(node, { kind: 'category', packages });
  }

  #addGrafts({ grafts }: ViewSettings): void {
    for (const { path } of grafts) {
      const node = this.#ways.locate(path);
      const entry: SystemPath = { path, kind: 'tree', reason: 'Shown from another place.' };
      if (!this.areas.has(node)) this.areas.set(node, { kind: 'tree', entry, packages: undefined });
    }
  }

  #addAlwaysThere(paths: readonly string[]): void {
    for (const path of paths) {
      for (let node = this.#ways.locate(path); node !== rootNode && !this.always.has(node);) {
        this.always.add(node);
        const parent = this.#index.parent(node);
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

  #noteAbove(place: IndexNode): void {
    for (let node = place; node !== rootNode;) {
      node = this.#index.parent(node);
      append(this.below, node, place);
    }
  }
}

/** The installed packages that have one of some names, of those that system paths are tied to. */
function packagesNamed(
  index: PathIndex,
  systemPaths: readonly SystemPath[],
): (names: readonly string[]) => number[] {
  // Few packages are named, and most are ruled out by their category.
  const categories = new Set(systemPaths.flatMap((entry) => entry.packages ?? []).map(categoryOf));
  const byName = new Map<string, number[]>();
  for (const { id, cpv } of index.packages)
    if (categories.has(categoryOf(cpv))) append(byName, packageName(cpv), id);
  return (names) => names.flatMap((name) => byName.get(name) ?? []);
}

function categoryOf(name: string): string {
  return name.slice(0, name.indexOf('/'));
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
