/** What a view is asked to be, in the words of the library, and the same in those of the daemon. */
import { resolve } from 'node:path';
import { defaultCache, repositoryAround } from '../base/index.js';
import type { SystemPathChange, ViewRequest } from '../daemon/index.js';

/** Where Portage's data lies. Paths are made absolute; everything but `root` defaults to its place inside `root`. */
export interface Places {
  /** The tree that is shown; default `/`. */
  readonly root?: string | undefined;
  /** The database of installed packages; default `var/db/pkg`. */
  readonly vdb?: string | undefined;
  /** The system that targets are built for, when it is not the root: CROSS BUILDS in lvfs(1). */
  readonly sysroot?: string | undefined;
  /** Where the targets' `etc/portage` lies; default the sysroot, else the root. */
  readonly configRoot?: string | undefined;
  /** Offset of a Gentoo Prefix; default none. */
  readonly prefix?: string | undefined;
  /** Repositories in place of repos.conf; the first is the main one. */
  readonly repos?: readonly string[] | undefined;
  /** The directory in which the index is saved; default `/var/cache/lvfs`, for an ordinary user in `$XDG_CACHE_HOME`. */
  readonly cache?: string | undefined;
}

/** What a view shows, beside what its targets declare. The options of `lvfs mount` with these names say more. */
export interface Shown {
  /** Installed packages (atoms, names, sets) to show as well, with what they need to run. */
  readonly with?: readonly string[] | undefined;
  /** Installed packages to hide. */
  readonly without?: readonly string[] | undefined;
  /** @system and what it needs to run; default true. */
  readonly system?: boolean | undefined;
  /** Also what the targets need to run. */
  readonly rdepend?: boolean | undefined;
  /** As with `FEATURES=test`. */
  readonly test?: boolean | undefined;
  /** Do not fail when a build dependency is not installed. */
  readonly allowMissing?: boolean | undefined;
  /** All installed alternatives of an any-of group, rather than the one that emerge would choose. */
  readonly allAlternatives?: boolean | undefined;
  /** Also take an ebuild that emerge would refuse, as far as its dependencies can be understood. */
  readonly allowInvalid?: boolean | undefined;
  /** Globs of paths to show or to hide, whoever owns them. */
  readonly show?: readonly string[] | undefined;
  readonly hide?: readonly string[] | undefined;
  /** Changes of the built-in list of system paths. */
  readonly systemPaths?: readonly SystemPathChange[] | undefined;
}

/** As the daemon is asked for it. */
export function locationsOf(places: Places): ViewRequest['locations'] {
  const { root = '/', vdb, sysroot, configRoot, prefix, repos } = places;
  return {
    root: resolve(root),
    ...(vdb === undefined ? {} : { vdb: resolve(vdb) }),
    ...(sysroot === undefined ? {} : { sysroot: resolve(sysroot) }),
    ...(configRoot === undefined ? {} : { configRoot: resolve(configRoot) }),
    ...(prefix === undefined || prefix === '' ? {} : { prefix }),
    ...(repos === undefined ? {} : { repos: repos.map((path) => resolve(path)) }),
  };
}

/** Where the index is saved. */
export function cacheOf({ cache }: Places): string {
  return cache === undefined ? defaultCache(process.env) : resolve(cache);
}

/** The view for building some targets, as the daemon is asked for it. */
export function requestOf(targets: readonly string[], places: Places, shown: Shown): ViewRequest {
  const absolute = absoluteTargets(targets);
  const overlays = absolute.flatMap((target) => (isPlace(target) ? (repositoryAround(target) ?? []) : []));
  const { allowInvalid } = shown;
  return {
    locations: { ...locationsOf(places), ...(overlays.length === 0 ? {} : { overlays }) },
    set: {
      targets: absolute,
      with: shown.with ?? [],
      without: shown.without ?? [],
      system: shown.system ?? true,
      rdepend: shown.rdepend ?? false,
      test: shown.test ?? false,
      allowMissing: shown.allowMissing ?? false,
      allAlternatives: shown.allAlternatives ?? false,
      ...(allowInvalid === undefined ? {} : { allowInvalid }),
    },
    show: shown.show ?? [],
    hide: shown.hide ?? [],
    systemPaths: shown.systemPaths ?? [],
    cache: cacheOf(places),
  };
}

/** Targets as another process has to be told of them, which resolves them in another directory. */
export function absoluteTargets(targets: readonly string[]): string[] {
  return targets.map((target) => (isPlace(target) ? resolve(target) : target));
}

/** Whether a target is an ebuild or a package named by its place. */
function isPlace(target: string): boolean {
  return target.endsWith('.ebuild') || /^(?:\.{1,2}$|\.{0,2}\/)/.test(target);
}
