/** From settings and options to what the daemon is asked. */
import { resolve } from 'node:path';
import type { ViewRequest } from '../daemon/index.js';
import { repositoryAround } from '../base/index.js';
import type { OptionValues, setOptions } from './command.js';
import type { Settings } from './config.js';

/**
 * The view that a command is about.
 *
 * @param targets atoms, sets or paths of ebuilds, as given
 */
export function viewRequest(
  settings: Settings,
  given: Omit<OptionValues<typeof setOptions>, 'with' | 'without'>,
  targets: readonly string[],
): ViewRequest {
  const places = absoluteTargets(targets);
  const overlays = places.flatMap((place) => (isPlace(place) ? (repositoryAround(place) ?? []) : []));
  return {
    locations: { ...locations(settings), ...(overlays.length === 0 ? {} : { overlays }) },
    set: {
      targets: places,
      with: settings.with,
      without: settings.without,
      system: !given['no-system'],
      rdepend: given.rdepend,
      test: given.test,
      allowMissing: given['allow-missing'],
      allAlternatives: given['any-of'] === 'all',
    },
    show: settings.show,
    hide: settings.hide,
    systemPaths: settings.systemPaths,
    cache: settings.cache,
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

/** Where Portage's data lies. */
export function locations(settings: Settings): ViewRequest['locations'] {
  return {
    root: settings.root,
    ...(settings.vdb === undefined ? {} : { vdb: settings.vdb }),
    ...(settings.sysroot === undefined ? {} : { sysroot: settings.sysroot }),
    ...(settings.configRoot === undefined ? {} : { configRoot: settings.configRoot }),
    ...(settings.prefix === '' ? {} : { prefix: settings.prefix }),
    ...(settings.repos === undefined ? {} : { repos: settings.repos }),
  };
}
