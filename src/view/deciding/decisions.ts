/** The rules of a view in their order, about one path at a time. */
import type { Logger } from '../../base/index.js';
import { leftOut, type Made } from '../compiled/sources.js';
import type { CompiledCaches } from '../compiledCaches.js';
import { hostKind, type Host, type HostKind } from '../host.js';
import type { HostPaths } from '../hostPaths.js';
import { rootNode, type IndexNode, type PathIndex } from '../pathIndex.js';
import { rule, type Rule } from '../rules.js';
import { sourceOfCache } from './names.js';
import type { OverrideRules } from './overrideRules.js';
import { Found, SearchBelow } from './searchBelow.js';
import type { ViewLinks } from './viewLinks.js';
import type { ViewPlaces } from './viewPlaces.js';
import { memoBits, nodeState, type ViewState } from './viewState.js';

/** What decides. */
export interface DecidingParts {
  readonly state: ViewState;
  readonly host: Host;
  /** Where the host keeps what the view shows. */
  readonly paths: HostPaths;
  /** Tells paths of the view. */
  readonly names: HostPaths;
  readonly overrides: OverrideRules;
  readonly places: ViewPlaces;
  readonly links: ViewLinks;
  readonly caches: CompiledCaches;
  readonly log: Logger;
}

/** Decides, for one thread. */
export class Decisions {
  readonly #state: ViewState;
  readonly #index: PathIndex;
  readonly #host: Host;
  readonly #paths: HostPaths;
  readonly #overrides: OverrideRules;
  readonly #places: ViewPlaces;
  readonly #links: ViewLinks;
  readonly #caches: CompiledCaches;
  readonly #below: SearchBelow;

  constructor({ caches, links, ...parts }: DecidingParts) {
    this.#state = parts.state;
    this.#index = parts.state.index;
    this.#host = parts.host;
    this.#paths = parts.paths;
    this.#overrides = parts.overrides;
    this.#places = parts.places;
    this.#links = links;
    this.#caches = caches;
    this.#below = new SearchBelow({ ...parts, decide: (node, kind) => this.rule(node, kind) });
  }

  /** Forgets what it remembers of nodes. */
  forget(): void {
    this.#below.forget();
  }

  /** The rule for a path that exists on the host, provided that the directories above it are visible. */
  rule(node: IndexNode, kind: HostKind): Rule {
    const decided = this.#byRules(node, kind);
    const mayBeCache =
      (decided === rule.owned || decided === rule.system) &&
      kind === hostKind.file &&
      (this.#caches.isNamedLikeOne(node) || this.#mayHoldCaches(this.#index.parent(node)));
    return mayBeCache ? this.#cache(node, decided) : decided;
  }

  /** What stands in the view for a file with {@link nodeState.conditional}; undefined: the host's content. */
  madeContent(node: IndexNode): Buffer | undefined {
    if (!this.#overrides.isEmpty && this.#overrides.rule(node) === rule.show) return undefined;
    const made = this.#made(node);
    return made === leftOut ? undefined : made;
  }

  #byRules(node: IndexNode, kind: HostKind): Rule {
    if (this.#state.isUntouchable(node)) return rule.hide;
    if (!this.#overrides.isEmpty) {
      const decided = this.#overrides.rule(node);
      if (decided !== 0) return decided;
    }
    if (this.#index.ownerVisible(node, this.#state.visible)) return rule.owned;
    if (kind === hostKind.directory) return this.#directory(node);
    if (this.#index.isOwned(node)) return rule.hiddenOwner;
    if (kind === hostKind.link) {
      const end = this.#places.isInBounds(this.#index.parent(node), node)
        ? this.#links.follow(node)
        : undefined;
      if (end !== undefined && this.rule(end.node, end.kind) > 0) return rule.symlink;
    } else if (kind === hostKind.file && this.#isCacheOfVisible(node)) {
      return rule.cache;
    }
    return this.#places.systemRule(node);
  }

  /** Rules 3 (inside the VDB), 5, 4, 7 and 8 for a directory without a visible owner. */
  #directory(node: IndexNode): Rule {
    if (node === rootNode || this.#places.current.always.has(node)) return rule.ancestor;
    const owned = this.#index.isOwned(node);
    if (!owned) {
      const decided = this.#places.systemRule(node);
      if (decided > 0) return decided;
    }
    const area = this.#places.current.at(node);
    if (area !== undefined && area.kind !== 'tree' && this.#places.shows(area, true)) {
      return 'entry' in area ? rule.system : rule.owned;
    }
    if (this.#below.isVisibleBelow(node, false) === Found.yes) return rule.ancestor;
    return owned ? rule.hiddenOwner : rule.unowned;
  }

  /** `__pycache__/name.*.pyc` beside a visible `name.py`. */
  #isCacheOfVisible(node: IndexNode): boolean {
    const source = sourceOfCache(this.#index, node);
    if (source === -1) return false;
    // As a rule that needs no look at the host.
    const hasHiddenOwner =
      this.#index.isOwned(source) && !this.#index.ownerVisible(source, this.#state.visible);
    if (this.#overrides.isEmpty && hasHiddenOwner) return false;
    const kind = this.#host.kind(this.#paths.of(source));
    return kind !== hostKind.missing && kind !== hostKind.directory && this.rule(source, kind) > 0;
  }

  #mayHoldCaches(directory: IndexNode): boolean {
    const known = this.#state.memo[directory]! & (memoBits.cachesYes | memoBits.cachesNo);
    if (known !== 0) return known === memoBits.cachesYes;
    const yes = this.#caches.isIn(directory);
    this.#state.memo[directory]! |= yes ? memoBits.cachesYes : memoBits.cachesNo;
    return yes;
  }

  /** What is visible by the rules may be a compiled cache, and tell of what is hidden. */
  #cache(node: IndexNode, decided: Rule): Rule {
    const format = this.#caches.formatOf(node);
    if (format === undefined) return decided;
    this.#index.setState(node, nodeState.conditional);
    return format.mayVanish && this.#made(node) === leftOut ? rule.compiled : decided;
  }

  #made(node: IndexNode): Made {
    // What is asked of the view meanwhile is no part of a search that is going on.
    return this.#below.aside(() => this.#caches.made(node, this.#state.epoch));
  }
}
