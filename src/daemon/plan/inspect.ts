/** What can be asked of a host without a visible set: who owns a path, and how the index is. */
import { statSync } from 'node:fs';
import { unlessRefused, type Listener, type PackageId } from '../../base/index.js';
import type { System, SystemLocations } from '../../portage/index.js';
import { canonicalPaths, hostKind, hostLinks, savedOwners, type PathIndex } from '../../view/index.js';
import { leadsNowhere, type Explanation } from './explanation.js';
import {
  indexFile,
  indexPlaces,
  loadSystemIndex,
  openSystemIndex,
  preservedLibraries,
  readSystem,
} from './systemIndex.js';

/** Says who owns paths, without any visible set. */
export async function explainOwners(
  locations: SystemLocations,
  cache: string,
  paths: readonly Buffer[],
  listener: Listener,
): Promise<Explanation[]> {
  const system = readSystem(locations, listener.log, cache);
  const canonical = canonicalPaths(hostLinks(system.root));
  const found = paths.map((path) => canonical(path));
  const wanted = found.map((one) => one?.path ?? Buffer.from('/'));
  const state = {
    ...indexPlaces(system, cache),
    installed: (known: ReadonlySet<PackageId>) => system.installedIfKnown(known),
    preserved: preservedLibraries(system),
  };
  const owners = savedOwners(state, wanted) ?? ownersIn(await openAndSave(system, cache, listener), wanted);
  return paths.map((path, i) => {
    const given = path.toString('latin1');
    const unknown = { visible: null, rule: null, chain: [] };
    const one = found[i];
    if (one === undefined) {
      return { path: given, canonical: given, exists: false, owners: [], detail: leadsNowhere, ...unknown };
    }
    return {
      path: given,
      canonical: one.path.toString('latin1'),
      exists: one.kind !== hostKind.missing,
      owners: (owners[i] ?? []).toSorted(),
      detail: '',
      ...unknown,
    };
  });
}

async function openAndSave(system: System, cache: string, listener: Listener): Promise<PathIndex> {
  const saved = await loadSystemIndex(system, cache, listener.log);
  const store = openSystemIndex(system, cache, saved, listener);
  store.save();
  return store.index;
}

function ownersIn(index: PathIndex, paths: readonly Buffer[]): readonly (readonly PackageId[])[] {
  return paths.map((path) => {
    const node = index.resolve(path);
    return node === -1 ? [] : index.ownersWithin(node).map((id) => index.cpv(id));
  });
}

/** What is to be done with the saved index. */
export type IndexAction = 'build' | 'check' | 'rebuild';

/** The state of a host's index. */
export interface IndexReport {
  /** The saved file. */
  readonly file: string;
  /** Its size in bytes; null when there is none. */
  readonly bytes: number | null;
  /** `saved`: it was up to date; `updated`: packages were read again; `built`: it was made anew. */
  readonly origin: 'saved' | 'updated' | 'built';
  readonly packages: number;
  /** Path components. */
  readonly nodes: number;
  readonly root: string;
  readonly database: string;
  /** The sysroot whose packages are in it too, as a path inside the root; absent when there is none. */
  readonly sysroot?: string;
  readonly milliseconds: number;
}

/** Opens the index, and unless it is only to be checked saves what is new; `rebuild` does not look at the saved one. */
export async function indexHost(
  locations: SystemLocations,
  cache: string,
  action: IndexAction,
  listener: Listener,
): Promise<IndexReport> {
  const start = performance.now();
  const system = readSystem(locations, listener.log, cache);
  const { sysroot } = system;
  const file = indexFile(system, cache);
  const saved = action === 'rebuild' ? undefined : await loadSystemIndex(system, cache, listener.log);
  const store = openSystemIndex(system, cache, saved, listener);
  if (action !== 'check') store.save();
  return {
    file,
    bytes: sizeOf(file),
    origin: store.origin,
    packages: store.index.packages.length,
    nodes: store.index.nodeCount,
    root: system.root,
    database: system.database,
    ...(sysroot === '' ? {} : { sysroot }),
    milliseconds: Math.round(performance.now() - start),
  };
}

function sizeOf(file: string): number | null {
  return unlessRefused(() => statSync(file).size, null);
}
