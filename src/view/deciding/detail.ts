/** What else can be said of a decision. */
import type { CompiledCaches } from '../compiledCaches.js';
import { GlobSet } from '../globs.js';
import type { HostPaths } from '../hostPaths.js';
import { rootNode, type IndexNode } from '../pathIndex.js';
import { rule, type Rule } from '../rules.js';
import type { ViewLinks } from './viewLinks.js';
import type { ViewPlaces } from './viewPlaces.js';
import type { ViewState } from './viewState.js';

/** What took the decision. */
export interface DetailParts {
  readonly state: ViewState;
  /** Tells paths of the view. */
  readonly names: HostPaths;
  readonly places: ViewPlaces;
  readonly links: ViewLinks;
  readonly caches: CompiledCaches;
}

/** More about a decision, for people: the glob, the place, the end of the link, or what is visible below. */
export function detailOf(
  node: IndexNode,
  decided: Rule,
  { state, names, places, links, caches }: DetailParts,
): string {
  const { index } = state;
  if (decided === rule.hide || decided === rule.show) {
    if (node === state.mountPoint) return 'the mount point';
    if (state.avoided.has(node)) return 'the mount point of another view';
    const { show, hide } = state.overrides;
    const patterns = decided === rule.hide ? hide : show;
    const globs = new GlobSet(patterns, links.placeOf);
    for (let at = node; at !== rootNode; at = index.parent(at)) {
      const found = globs.indexOf(names.text(at));
      if (found >= 0) return patterns[found]!;
    }
    return '';
  }
  if (decided === rule.symlink) {
    const end = links.end(node);
    return end === undefined ? '' : names.text(end.node);
  }
  if (decided === rule.compiled) return caches.formatOf(node)?.says ?? '';
  if (decided === rule.cache) return names.text(index.parent(index.parent(node)));
  if (decided === rule.system) {
    const area = places.areaOf(node);
    if (area !== undefined && 'entry' in area) return area.entry.path;
    return places.systemGlob(node)?.entry.path ?? '';
  }
  if (decided === rule.owned && !index.isOwned(node)) return 'an entry of the package database';
  return '';
}
