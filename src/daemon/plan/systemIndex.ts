/** A system as Portage has it, and the index of its paths, without any view. */
import { join } from 'node:path';
import {
  errorCode,
  isRecord,
  parseJson,
  readRegularFile,
  packageId,
  type SystemName,
  type Listener,
  type Logger,
} from '../../base/index.js';
import {
  openSystem,
  scanContents,
  type DataWarning,
  type System,
  type SystemLocations,
} from '../../portage/index.js';
import {
  hostLinks,
  indexFileName,
  loadIndex,
  openIndex,
  type IndexStore,
  type InstalledState,
  type PreservedLibraries,
  type SavedIndex,
  type SavedOwnersOptions,
} from '../../view/index.js';

/**
 * Reads a system, passing on what is wrong in its data.
 *
 * @param cache the directory of what is saved for the next run; without it nothing is
 */
export function readSystem(locations: SystemLocations, log: Logger, cache?: string): System {
  const warn = (warning: DataWarning): void => log('warn', describeWarning(warning));
  return openSystem(locations, {
    // What is built in the view is built with the same environment.
    env: process.env,
    warn,
    ...(cache === undefined ? {} : { cache }),
  });
}

function describeWarning({ file, line, message }: DataWarning): string {
  return line === 0 ? `${file}: ${message}` : `${file}:${line}: ${message}`;
}

/** Where the index of a system is saved, below the directory of saved indexes. */
export function indexFile({ root, database, sysroot }: System, cache: string): string {
  return indexFileName(cache, root, database, sysroot);
}

/**
 * Begins to read the saved index of a system's root, in other threads; see {@link openSystemIndex}.
 *
 * @param cache the directory of saved indexes
 */
export function loadSystemIndex(system: System, cache: string, log: Logger): Promise<SavedIndex | undefined> {
  return loadIndex(indexFile(system, cache), (warning) => log('warn', describeWarning(warning)));
}

/**
 * Opens the index of a system's root.
 *
 * @param cache the directory of saved indexes
 * @param saved what {@link loadSystemIndex} has read; undefined: the index is made anew
 */
export function openSystemIndex(
  system: System,
  cache: string,
  saved: SavedIndex | undefined,
  { log, progress }: Listener,
): IndexStore {
  return openIndex({
    ...installedState(system),
    ...indexPlaces(system, cache),
    scan: scanContents,
    saved,
    onProgress: (done, total) => progress(`reading the contents of packages: ${done} of ${total}`),
    warn: (warning) => log('warn', describeWarning(warning)),
  });
}

/** Where the index of a system is saved, and what its paths are resolved by. */
export function indexPlaces(
  system: System,
  cache: string,
): Pick<SavedOwnersOptions, 'cacheFile' | 'links' | 'sysroot'> {
  return {
    links: hostLinks(system.root),
    sysroot: system.sysroot,
    cacheFile: indexFile(system, cache),
  };
}

/** What is installed, as the index wants to know it. */
export function installedState(system: System): InstalledState {
  return { packages: system.installed(), preserved: preservedLibraries(system) };
}

/** Libraries that outlived their package and are kept for others. */
export function preservedLibraries({ root, prefix, sysroot }: System): PreservedLibraries[] {
  const preserved = readRegistry(join(root, prefix), 'root');
  return sysroot === '' ? preserved : [...preserved, ...readRegistry(join(root, sysroot), 'sysroot')];
}

/** Bytes of the registry at most; it has a line a file. */
const largestRegistry = 16 << 20;

/**
 * `preserved_libs_registry`: a JSON object from `category/name:slot` to cpv, counter and paths. One of another form preserves
 * nothing.
 */
function readRegistry(root: string, system: SystemName): PreservedLibraries[] {
  let text: string;
  try {
    text = readRegularFile(join(root, 'var/lib/portage/preserved_libs_registry'), largestRegistry).toString(
      'utf8',
    );
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return [];
  }
  return Object.values(parseJson(text, isRecord) ?? {}).flatMap((entry) => {
    const fields: readonly unknown[] = Array.isArray(entry) ? entry : [];
    const [cpv, , paths] = fields;
    if (typeof cpv !== 'string' || !Array.isArray(paths)) return [];
    return [
      {
        cpv: packageId(cpv, system),
        paths: paths.filter((path): path is string => typeof path === 'string'),
      },
    ];
  });
}
