/**
 * What the places of a view (the system paths, the package database, private trees) say of unowned paths: rules 3 inside the database, 7 and 8, and
 * where links do not count. Nothing here looks at the host.
 */
import { Memo } from '../../base/index.js';
import type { HostPaths } from '../hostPaths.js';
import { rootNode, type IndexNode, type PathIndex } from '../pathIndex.js';
import { LastDirectory } from './lastDirectory.js';
import { rule, type Area, type Places, type Rule, type SystemGlob } from '../rules.js';
import type { OverrideRules } from './overrideRules.js';
import type { ViewState } from './viewState.js';

/** What is remembered about paths at most. */
const rememberedPaths = 100_000;

/** Globs of the system paths as a directory has to do with them, whether their packages are visible or not. */
interface DirectoryGlobs {
  /** Those that may match something below it. */
  readonly reaching: readonly SystemGlob[];
  /** Those that match it or a directory above it, the nearest first. */
  readonly matching: readonly SystemGlob[];
}

/** The places in force, for one thread. */
export class ViewPlaces {
  readonly #state: ViewState;
  readonly #index: PathIndex;
  readonly #overrides: OverrideRules;
  readonly #names: HostPaths;
  #places: Places | undefined;
  /** The `etc` of the root, or of the prefix, and of the sysroot. */
  #etc: readonly IndexNode[] = [];
  /** The globs of the system paths that matter in a directory; as long as the places are the same. */
  readonly #directoryGlobs = new Memo<IndexNode, DirectoryGlobs>(rememberedPaths);
  /** Whether a package has anything in a directory, where this matters; as long as the places are the same. */
  readonly #used = new Memo<IndexNode, boolean>(rememberedPaths);
  readonly #configurationIn = new LastDirectory((directory) => this.isConfiguration(directory));
  /** Whether a visible package has anything in a place of the kind `beside`; as long as the epoch is the same. */
  readonly #besideVisible = new Memo<IndexNode, boolean>(rememberedPaths);

  /** @param names tells paths of the view */
  constructor(state: ViewState, overrides: OverrideRules, names: HostPaths) {
    this.#state = state;
    this.#index = state.index;
    this.#overrides = overrides;
    this.#names = names;
  }

  /** The places themselves. */
  get current(): Places {
    if (this.#places === undefined) throw new Error('the places of the view have not been made');
    return this.#places;
  }

  /** Whether they have been made yet. */
  get isKnown(): boolean {
    return this.#places !== undefined;
  }

  /** From now on these are in force. @param etc the `etc` of each system that is shown */
  takeUp(make: () => { places: Places; etc: readonly IndexNode[] }): void {
    this.#directoryGlobs.clear();
    this.#used.clear();
    this.#configurationIn.forget();
    const { places, etc } = make();
    this.#places = places;
    this.#etc = etc;
  }

  /** Other packages may be visible from now on. */
  forgetVisible(): void {
    this.#besideVisible.clear();
  }

  /** Rule 3 inside the VDB, rule 7, or rule 8, for a path that nobody owns. */
  systemRule(node: IndexNode): Rule {
    for (let at = node; ; at = this.#index.parent(at)) {
      const area = this.current.at(at);
      if (area !== undefined) {
        if (this.shows(area, at === node)) {
          return 'entry' in area ? rule.system : rule.owned;
        }
        break;
      }
      if (at === rootNode) break;
    }
    return this.systemGlob(node) === undefined ? rule.unowned : rule.system;
  }

  /** The glob of the system paths that shows a path or a directory above it. */
  systemGlob(node: IndexNode): SystemGlob | undefined {
    if (node === rootNode) return undefined;
    const { reaching, matching } = this.#globsAt(this.#index.parent(node));
    if (reaching.length > 0) {
      const path = this.#names.text(node);
      const hit = reaching.find(({ globs, packages }) => this.#isTied(packages) && globs.matches(path));
      if (hit !== undefined) return hit;
    }
    return matching.find(({ packages }) => this.#isTied(packages));
  }

  /**
   * The packages that generate a path that nobody owns, as the system paths have it: those that are visible, else the likeliest of those that are
   * installed.
   */
  makersOf(node: IndexNode): readonly number[] {
    const area = this.areaOf(node);
    const packages = area?.kind === 'tree' ? area.packages : this.#makersByGlob(node);
    const visible = packages?.filter((id) => this.#state.isVisible(id)) ?? [];
    return visible.length > 0 ? visible : (packages?.slice(0, 1) ?? []);
  }

  #makersByGlob(node: IndexNode): readonly number[] | undefined {
    if (node === rootNode) return undefined;
    const { reaching, matching } = this.#globsAt(this.#index.parent(node));
    const path = reaching.length > 0 ? this.#names.text(node) : '';
    const hits = [...reaching.filter(({ globs }) => globs.matches(path)), ...matching];
    return hits.find(({ packages }) => packages !== undefined && packages.length > 0)?.packages;
  }

  /** The place that decides about unowned names at or below itself: the nearest one. */
  areaOf(node: IndexNode): Area | undefined {
    for (let at = node; ; at = this.#index.parent(at)) {
      const area = this.current.at(at);
      if (area !== undefined || at === rootNode) return area;
    }
  }

  /** The place that decides about names in a directory. A directory that nobody uses may be a private one. */
  #areaIn(directory: IndexNode): Area | undefined {
    for (let at = directory; ; at = this.#index.parent(at)) {
      const place = this.current.at(at);
      const area = place === undefined || place.kind === 'beside' ? (this.#unusedArea(at) ?? place) : place;
      if (area !== undefined || at === rootNode) return area;
    }
  }

  /** The private place that a directory is because no package owns it or has anything in it. */
  #unusedArea(directory: IndexNode): Area | undefined {
    if (directory === rootNode) return undefined;
    const area = this.current.unusedIn.get(this.#index.parent(directory));
    if (area === undefined) return undefined;
    let used = this.#used.get(directory);
    if (used === undefined) {
      // A directory with system paths in it, such as /etc, is one of the system's own.
      used =
        this.current.below.has(directory) || this.#hasOwner(directory, (node) => this.#index.isOwned(node));
      this.#used.set(directory, used);
    }
    return used ? undefined : area;
  }

  /** Whether a directory, or anything that the index has in it, has an owner that counts. */
  #hasOwner(directory: IndexNode, counts: (node: IndexNode) => boolean): boolean {
    const index = this.#index;
    if (counts(directory)) return true;
    for (let child = index.firstChild(directory); child !== -1; child = index.nextSibling(child)) {
      if (this.#hasOwner(child, counts)) return true;
    }
    return false;
  }

  /** Whether a place shows the unowned; `itself`: the place, not something in it. */
  shows(area: Area, itself: boolean): boolean {
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
        return itself && area.packages.some((id) => this.#state.isListed(id));
      case 'entry':
        return this.#state.isListed(area.package);
    }
  }

  /** Whether a visible package owns a directory or has anything in it. */
  #isBesideVisible(directory: IndexNode): boolean {
    let known = this.#besideVisible.get(directory);
    if (known === undefined) {
      known = this.#hasOwner(directory, (node) => this.#index.ownerVisible(node, this.#state.visible));
      this.#besideVisible.set(directory, known);
    }
    return known;
  }

  /** Whether a system path's packages let it be seen. */
  #isTied(packages: readonly number[] | undefined): boolean {
    return packages === undefined || packages.some((id) => this.#state.isVisible(id));
  }

  /** Whether links in a directory count (or the link `at`): not in private trees, unless a glob shows something there. */
  isInBounds(directory: IndexNode, at?: IndexNode): boolean {
    const area = (at === undefined ? undefined : this.current.at(at)) ?? this.#areaIn(directory);
    if (area?.kind !== 'private' && area?.kind !== 'directory') return true;
    return this.#overrides.mayShowBelow(
      this.#names.directory(at === undefined ? this.#index.parent(directory) : directory),
    );
  }

  /** Whether a link may not lead through a name: what is unowned in a private tree. */
  isOutOfBounds(node: IndexNode): boolean {
    if (!this.isKnown || this.#index.isOwned(node)) return false;
    const directory = this.#index.parent(node);
    const area = this.#areaIn(directory);
    return (
      (area?.kind === 'private' || area?.kind === 'directory') &&
      !this.current.areas.has(node) &&
      !this.current.below.has(node) &&
      !this.#overrides.mayShowBelow(this.#names.directory(directory))
    );
  }

  /** Whether a glob of the system paths may match something below a directory. */
  reachesGlob(directory: IndexNode): boolean {
    return this.#globsAt(directory).reaching.length > 0;
  }

  #globsAt(directory: IndexNode): DirectoryGlobs {
    const known = this.#directoryGlobs.get(directory);
    if (known !== undefined) return known;
    const path = this.#names.directory(directory);
    const { reaching, matching } =
      directory === rootNode
        ? { reaching: this.current.globs, matching: [] }
        : this.#globsAt(this.#index.parent(directory));
    const here = reaching.filter(({ globs }) => globs.matches(path));
    const made: DirectoryGlobs = {
      reaching: reaching.filter(({ globs }) => globs.reaches(path)),
      matching: here.length === 0 ? matching : [...here, ...matching],
    };
    this.#directoryGlobs.set(directory, made);
    return made;
  }

  /** Whether a path changes without a package being merged: everything in /etc, and what the system paths show. */
  isConfiguration(node: IndexNode): boolean {
    if (this.#etc.includes(node)) return true;
    const area = this.current.at(node);
    if (area !== undefined) return area.kind === 'tree' || area.kind === 'beside';
    return node !== rootNode && this.#configurationIn.of(this.#index.parent(node));
  }

  /** Whether the rules are about a path by name, whether it is there or not. */
  isPlace(node: IndexNode): boolean {
    const { areas, always, below, unusedIn, linksIn } = this.current;
    return [areas, always, below, unusedIn, linksIn].some((places) => places.has(node));
  }

  /**
   * Whether another set of packages can make another verdict on an unowned path, apart from what `LiveChanges` follows
   * by itself: VDB entries of the packages, and compiled modules.
   */
  hangsOnPackages(node: IndexNode): boolean {
    const area = this.areaOf(node);
    return (
      area === undefined || area.kind === 'beside' || (area.kind === 'tree' && area.packages !== undefined)
    );
  }
}
