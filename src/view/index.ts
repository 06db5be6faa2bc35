/** Which paths exist inside the view, and why. */
export * from './pathIndex.js';
export {
  hostKind,
  kindOfMode,
  kindOfType,
  type Host,
  type HostCompilation,
  type HostKind,
  type HostListing,
} from './host.js';
export { canonicalPaths } from './resolver.js';
export { rule, ruleNames, type Overrides, type Rule, type ViewSettings } from './rules.js';
export {
  systemPaths,
  systemPathsOfPrefix,
  systemPathsOfSysroot,
  type SystemPath,
  type SystemPathKind,
} from './systemPaths.js';
export { cacheFormats, type CacheFormat } from './compiled/formats.js';
export { nodeState, View, type SharedView } from './view.js';
export { literalGlob } from './glob.js';
export { GlobSet } from './globs.js';
export { hostLinks } from './canonical.js';
export {
  indexFileName,
  loadIndex,
  openIndex,
  type IndexStore,
  type InstalledState,
  type PreservedLibraries,
  type SavedIndex,
} from './indexStore.js';
export { savedOwners, type SavedOwnersOptions } from './savedOwners.js';
export type { Dropped, Forgotten, HostChange, KernelCaches } from './affected.js';
export { LiveChanges, type ViewChange } from './liveChange.js';
