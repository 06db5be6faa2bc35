/**
 * Whether there is something visible below a directory: rule 5. The index is looked at first; then the host is searched for unowned links, caches and
 * system paths.
 *
 * Deciding about directories and links is a search for something visible at the other end of "is in" and "leads to": an
 * alternative of alternatives, so a search that meets itself has nothing to add there. A negative answer that
 * was found while part of the search was still open is not remembered.
 */
import type { Logger } from '../../base/index.js';
import { hostKind, kindOfType, type Host, type HostKind, type HostListing } from '../host.js';
import type { HostPaths } from '../hostPaths.js';
import type { IndexNode, PathIndex } from '../pathIndex.js';
import { rule, type Rule } from '../rules.js';
import { endsWith, isPythonCache } from './names.js';
import type { OverrideRules } from './overrideRules.js';
import type { ViewPlaces } from './viewPlaces.js';
import { memoBits, nodeState, type ViewState } from './viewState.js';

/** Entries that a search of the host for visible links looks at before it gives up. */
const searchLimit = 20_000;
/** What a search found below a directory. `open`: nothing, but part of it was still being searched. */
export const enum Found {
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
  /** Whether what was found below the directory that is being searched hangs on packages, now or when another is visible. */
  hangs: boolean;
}

/** What a search found in a directory itself. */
interface SearchedEntries {
  /** Whether something that is no directory is visible; it has not gone on then. */
  isFound: boolean;
  /** Whether what is there may count when other packages are visible. */
  isConditional: boolean;
  readonly subdirectories: IndexNode[];
}

/** What a search works with. */
export interface SearchParts {
  readonly state: ViewState;
  readonly host: Host;
  /** Where the host keeps what the view shows. */
  readonly paths: HostPaths;
  readonly places: ViewPlaces;
  readonly overrides: OverrideRules;
  /** The rule for a path of the host. */
  readonly decide: (node: IndexNode, kind: HostKind) => Rule;
  /** Tells paths of the view. */
  readonly names: HostPaths;
  readonly log: Logger;
}

/** Searches below directories, for one thread. */
export class SearchBelow {
  readonly #state: ViewState;
  readonly #index: PathIndex;
  readonly #host: Host;
  readonly #paths: HostPaths;
  readonly #places: ViewPlaces;
  readonly #overrides: OverrideRules;
  readonly #decide: SearchParts['decide'];
  readonly #names: HostPaths;
  readonly #log: Logger;
  #search: Search | undefined;
  /** Directories of which {@link #noteLimit} has told. */
  readonly #noted = new Set<IndexNode>();

  constructor({ state, host, paths, places, overrides, decide, names, log }: SearchParts) {
    this.#state = state;
    this.#index = state.index;
    this.#host = host;
    this.#paths = paths;
    this.#places = places;
    this.#overrides = overrides;
    this.#decide = decide;
    this.#names = names;
    this.#log = log;
  }

  /** Forgets what it remembers of nodes. */
  forget(): void {
    this.#noted.clear();
  }

  /** Does something that is no part of the search that may be going on. */
  aside<T>(work: () => T): T {
    const search = this.#search;
    this.#search = undefined;
    try {
      return work();
    } finally {
      this.#search = search;
    }
  }

  /** Whether something below a directory is visible. `noOwned`: it is known that no visible package has a file there. */
  isVisibleBelow(directory: IndexNode, noOwned: boolean): Found {
    const known = this.#known(directory);
    if (known !== undefined) return known;
    const outermost = this.#search === undefined;
    const search = (this.#search ??= {
      ...{ top: directory, entered: new Set(), met: 0, left: searchLimit },
      hangs: false,
    });
    if (search.entered.has(directory)) {
      search.met++;
      search.hangs = true;
      return Found.open;
    }
    const { met, hangs } = search;
    search.entered.add(directory);
    search.hangs = false;
    try {
      let found =
        this.#hasPlaceBelow(directory) || (!noOwned && this.#hasOwnedBelow(directory)) ? Found.yes : Found.no;
      if (found === Found.no) found = this.#searchHost(directory);
      // Also when it was met at the end of a link, where the answer is just "not visible".
      if (found === Found.no && search.met !== met) found = Found.open;
      // All that was open is closed with the outermost search.
      if (outermost && found === Found.open) found = Found.no;
      this.#note(directory, found, search.hangs || search.met !== met);
      return found;
    } finally {
      search.hangs ||= hangs;
      if (outermost) this.#search = undefined;
    }
  }

  /** What was found out before; undefined: nothing. */
  #known(directory: IndexNode): Found | undefined {
    const known = this.#state.memo[directory]!;
    if ((known & (memoBits.belowYes | memoBits.belowNo)) === 0) return undefined;
    if ((known & memoBits.belowNever) === 0) this.#noteHangs();
    return (known & memoBits.belowYes) !== 0 ? Found.yes : Found.no;
  }

  /** Remembers what was found. @param hangs whether that may be otherwise when other packages are visible */
  #note(directory: IndexNode, found: Found, hangs: boolean): void {
    if (found === Found.open) return;
    const never = hangs ? 0 : memoBits.belowNever;
    const bits = found === Found.yes ? memoBits.belowYes : memoBits.belowNo | never;
    this.#state.note(directory, memoBits.belowYes | memoBits.belowNo | memoBits.belowNever, bits);
  }

  /** What is found below the directory that is being searched may be otherwise when other packages are visible. */
  #noteHangs(): void {
    if (this.#search !== undefined) this.#search.hangs = true;
  }

  #hasPlaceBelow(directory: IndexNode): boolean {
    const places = this.#places.current.below.get(directory);
    if (places === undefined) return false;
    this.#noteHangs();
    this.#index.setState(directory, nodeState.conditional);
    return places.some((place) => {
      if (!this.#state.mayBeAsked(place)) return false;
      const kind = this.#host.kind(this.#paths.of(place));
      return kind !== hostKind.missing && this.#decide(place, kind) > 0;
    });
  }

  /** Whether a visible package has a path below a directory that the host has, too. Looks at the index first. */
  #hasOwnedBelow(directory: IndexNode): boolean {
    const index = this.#index;
    let node = index.firstChild(directory);
    while (node !== -1) {
      const here: IndexNode = node;
      if (
        !this.#state.isUntouchable(here) &&
        index.ownerVisible(here, this.#state.visible) &&
        !(!this.#overrides.isEmpty && this.#overrides.rule(here) === rule.hide) &&
        this.#existsBelow(directory, here)
      ) {
        return true;
      }
      // Depth first, without a stack: down, else aside, else up until there is something aside.
      node = this.#state.isUntouchable(here) ? -1 : index.firstChild(here);
      for (let at = here; node === -1 && at !== directory; at = index.parent(at))
        node = index.nextSibling(at);
    }
    return false;
  }

  /** Whether the host has a path of the index, with real directories between it and one above it. */
  #existsBelow(directory: IndexNode, node: IndexNode): boolean {
    if (this.#host.kind(this.#paths.of(node)) === hostKind.missing) return false;
    for (let at = this.#index.parent(node); at !== directory; at = this.#index.parent(at)) {
      if (this.#host.kind(this.#paths.of(at)) !== hostKind.directory) return false;
    }
    return true;
  }

  /** Looks on the host for unowned paths that are visible. */
  #searchHost(directory: IndexNode): Found {
    if (!this.#places.isInBounds(directory)) return Found.no;
    const listing = this.#listingOf(directory);
    if (listing === undefined) {
      // It may be there, or unmounted, the next time.
      this.#noteHangs();
      return Found.no;
    }
    const index = this.#index;
    const search = this.#search!;
    const entries = this.#searchEntries(directory, listing);
    let { isConditional } = entries;
    let found = entries.isFound ? Found.yes : Found.no;
    for (const node of entries.subdirectories) {
      if (found === Found.yes || search.left < 0) break;
      const below = this.#findInSubdirectory(node);
      if (below !== Found.no) found = below;
      if ((index.state[node]! & nodeState.conditional) !== 0) isConditional = true;
    }
    if (isConditional || found === Found.open) index.setState(directory, nodeState.conditional);
    return found;
  }

  /** What the host has in a directory; undefined: nothing that counts, as things are. */
  #listingOf(directory: IndexNode): HostListing | undefined {
    const isMountPoint =
      !this.#index.isOwned(directory) && this.#host.isMountPoint(this.#paths.directory(directory));
    return isMountPoint ? undefined : this.#host.list(this.#paths.of(directory));
  }

  /** Looks for something visible in a directory itself. */
  #searchEntries(directory: IndexNode, { names, bounds, kinds }: HostListing): SearchedEntries {
    const search = this.#search!;
    const holdsPython = isPythonCache(this.#index, directory);
    const anyMayBeVisible = this.#anyMayBeVisible(directory, holdsPython);
    const entries: SearchedEntries = { isFound: false, isConditional: false, subdirectories: [] };
    for (let i = 0; i < kinds.length && !entries.isFound; i++) {
      if (--search.left < 0) {
        this.#noteLimit(search);
        // Nobody has looked at the rest.
        search.hangs ||= this.#hasOwned(search.top);
        break;
      }
      const kind = kindOfType(kinds[i]!);
      // Most of a large tree are plain files, so nothing is spent on them.
      const isLikely =
        anyMayBeVisible ||
        kind === hostKind.directory ||
        kind === hostKind.link ||
        (holdsPython && endsWith(names.subarray(bounds[i], bounds[i + 1]), '.pyc'));
      if (!isLikely) continue;
      const known = this.#index.find(directory, names, bounds[i], bounds[i + 1]);
      const child = known === -1 ? this.#index.tryEnsure(directory, names, bounds[i], bounds[i + 1]) : known;
      if (child === -1 || this.#state.isUntouchable(child)) search.hangs = true;
      else if (kind === hostKind.directory) entries.subdirectories.push(child);
      else this.#searchEntry(child, kind, holdsPython, entries);
    }
    return entries;
  }

  /** Looks whether what is no directory is visible. */
  #searchEntry(node: IndexNode, kind: HostKind, holdsPython: boolean, entries: SearchedEntries): void {
    if (kind === hostKind.link) this.#noteHangs();
    const isOwned = this.#index.isOwned(node);
    // Of the owned there are only hidden ones left, which nothing but a glob can show.
    if (isOwned && this.#overrides.isEmpty) return;
    if (!isOwned && !holdsPython) entries.isConditional = true;
    entries.isFound = this.#decide(node, kind) > 0;
  }

  /** Whether anything that nobody owns in a directory may be visible, whatever it is. */
  #anyMayBeVisible(directory: IndexNode, holdsPython: boolean): boolean {
    const area = this.#places.areaOf(directory);
    const isShown = area !== undefined && this.#places.shows(area, false);
    const any = !this.#overrides.isEmpty || isShown || this.#places.reachesGlob(directory);
    if (any || area !== undefined || holdsPython || this.#holdsOwned(directory)) this.#noteHangs();
    return any;
  }

  /** Whether any package has something directly in a directory, or a place of the rules is there. */
  #holdsOwned(directory: IndexNode): boolean {
    const index = this.#index;
    for (let node = index.firstChild(directory); node !== -1; node = index.nextSibling(node)) {
      if (index.isOwned(node) || this.#places.current.at(node) !== undefined) return true;
    }
    return false;
  }

  #findInSubdirectory(node: IndexNode): Found {
    if (!this.#overrides.isEmpty) {
      const decided = this.#overrides.rule(node);
      if (decided !== 0) return decided === rule.show ? Found.yes : Found.no;
    }
    if (this.#index.ownerVisible(node, this.#state.visible) || this.#places.current.always.has(node))
      return Found.yes;
    if (!this.#index.isOwned(node) && this.#places.systemRule(node) > 0) return Found.yes;
    const area = this.#places.current.at(node);
    if (area !== undefined && this.#places.shows(area, true)) return Found.yes;
    return this.isVisibleBelow(node, true);
  }

  /** Whether any package has something below a directory. */
  #hasOwned(directory: IndexNode): boolean {
    const index = this.#index;
    for (let node = index.firstChild(directory); node !== -1; node = index.nextSibling(node)) {
      if (index.isOwned(node) || this.#hasOwned(node)) return true;
    }
    return false;
  }

  /** Not a warning: large trees of hidden packages are ordinary, and what is in them is as a rule hidden. */
  #noteLimit({ top }: Search): void {
    if (this.#noted.has(top)) return;
    this.#noted.add(top);
    this.#log(
      'info',
      `${this.#names.text(top)}: counts as empty: nothing visible was among the first ${searchLimit} entries of its tree`,
    );
  }
}
