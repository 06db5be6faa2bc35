/** The paths of a system that a view has to do with whatever is installed: system paths, and where Portage's data lies. */
import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { isWithin, realOf, type Logger } from '../../base/index.js';
import type { System, SystemLocations } from '../../portage/index.js';
import {
  systemPaths,
  systemPathsOfPrefix,
  systemPathsOfSysroot,
  type SystemPath,
  type ViewSettings,
} from '../../view/index.js';
import type { SystemPathChange } from '../request.js';

/** Directories that builds need as mount points, whatever the root has. */
const mountPlaces = [
  '/dev',
  '/proc',
  '/run',
  '/sys',
  '/tmp',
  '/var/cache/edb',
  '/var/db',
  '/var/log',
  '/var/tmp',
];

/** Portage's variables that name directories in which builds write. */
const writtenDirectories = ['PORTAGE_TMPDIR', 'DISTDIR', 'PKGDIR'];

/**
 * The built-in system paths with the changes of the configuration, those of the user first.
 *
 * @param places Gentoo Prefix offset and sysroot, as paths inside the root; empty: none
 */
export function systemPathList(
  changes: readonly SystemPathChange[],
  log: Logger,
  { prefix, sysroot }: Pick<System, 'prefix' | 'sysroot'>,
): SystemPath[] {
  const builtIn = [
    ...(prefix === '' ? systemPaths : systemPathsOfPrefix(prefix)),
    ...(sysroot === '' ? [] : systemPathsOfSysroot(sysroot)),
  ];
  const removed = new Set(changes.filter(({ remove }) => remove).map(({ path }) => path));
  const added = changes.filter(({ remove }) => !remove);
  for (const path of removed) {
    if (!builtIn.some((entry) => entry.path === path))
      log('warn', `system path ${path}: is not on the list, so it cannot be removed`);
  }
  const replaced = new Set([...removed, ...added.map(({ path }) => path)]);
  return [
    ...builtIn.filter(({ path }) => !replaced.has(path)),
    ...added.map(({ path, kind, reason, packages }) => ({
      path,
      kind,
      reason,
      ...(packages === undefined ? {} : { packages }),
    })),
  ];
}

/** Where a view's database, configuration and repositories are shown when they are not at their usual places. */
export function systemPlaces(
  system: System,
  locations: SystemLocations,
): Pick<ViewSettings, 'grafts' | 'directories' | 'vdb' | 'sysroot'> & {
  prefix: string;
  trees: SystemPath[];
} {
  const { root, prefix, sysroot } = system;
  const inside = (host: string): string | undefined =>
    isWithin(host, root) ? `/${relative(root, host)}` : undefined;
  const grafts: { path: string; host: string }[] = [];
  const graft = (path: string, host: string): void => {
    if (existsSync(host) && realOf(join(root, path)) !== host) grafts.push({ path, host });
  };
  const vdb = `${prefix}/var/db/pkg`;
  if (locations.vdb !== undefined) graft(vdb, system.database);
  if (locations.configRoot !== undefined) graft(`${prefix}${sysroot}/etc/portage`, system.userConfiguration);
  const trees: SystemPath[] = [];
  for (const { name, location } of system.repositories()) {
    const path = inside(location);
    if (path === undefined) graft(`${prefix}/var/db/repos/${name}`, location);
    else trees.push({ path, kind: 'tree', reason: `The repository ${name}.`, follow: 'itself' });
  }
  const written = writtenDirectories.flatMap((name) => {
    const path = system.variable(name);
    return path?.startsWith('/') === true ? [resolve(path)] : [];
  });
  return {
    prefix,
    vdb,
    ...(sysroot === '' ? {} : { sysroot }),
    grafts,
    trees,
    directories: [...mountPlaces.map((path) => prefix + path), ...written],
  };
}
