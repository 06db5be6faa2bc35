/** From settings and options to what the library and the daemon are asked. */
import type { ViewRequest } from '../daemon/index.js';
import {
  locationsOf,
  openSystem,
  requestOf,
  type Places,
  type Shown,
  type System,
} from '../library/index.js';
import type { OptionValues, setOptions } from './command.js';
import type { Settings } from './config.js';
import type { Output } from './output.js';

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
  return requestOf(targets, places(settings), shown(settings, given));
}

/** What a view shows, for the library. */
export function shown(
  settings: Settings,
  given: Omit<OptionValues<typeof setOptions>, 'with' | 'without'>,
): Shown {
  return {
    with: settings.with,
    without: settings.without,
    system: !given['no-system'],
    rdepend: given.rdepend,
    test: given.test,
    allowMissing: given['allow-missing'],
    allAlternatives: given['any-of'] === 'all',
    show: settings.show,
    hide: settings.hide,
    systemPaths: settings.systemPaths,
  };
}

/** Where things are, for the library. */
export function places({ root, vdb, sysroot, configRoot, prefix, repos, cache }: Settings): Places {
  return { root, vdb, sysroot, configRoot, prefix, repos, cache };
}

/** Where Portage's data lies, for the daemon. */
export function locations(settings: Settings): ViewRequest['locations'] {
  return locationsOf(places(settings));
}

/** The system that the settings name; what it says on the way is shown. */
export function system(settings: Settings, output: Output): System {
  return openSystem({ ...places(settings), ...output.talk });
}
