/** What there is to be named: for a shell that completes what is being typed. */
import { packageName, silent, type Logger } from '../../base/index.js';
import type { SystemLocations } from '../../portage/index.js';
import { readSystem } from './systemIndex.js';

/** What the beginning of a name may go on to. */
export interface Names {
  /** Whole names: `dev-libs/foo`, `@world`. */
  readonly whole: readonly string[];
  /** Beginnings of further ones: `dev-libs/`. */
  readonly partial: readonly string[];
}

/**
 * Packages and sets whose name begins so; categories first, their packages when there is one.
 *
 * @param which those that repositories have, or those that are installed
 */
export function namesBeginning(
  start: string,
  which: 'target' | 'installed',
  locations: SystemLocations,
): Names {
  const system = readSystem(locations, silent);
  const begins = (name: string): boolean => name.startsWith(start);
  const [category = '', name] = start.split('/');
  if (start.startsWith('@'))
    return {
      whole: system
        .setNames()
        .map((set) => `@${set}`)
        .filter(begins),
      partial: [],
    };
  const installed = which === 'target' ? [] : system.installed().map(({ cpv }) => packageName(cpv));
  const categories =
    which === 'target' ? system.categories() : installed.map((cp) => cp.slice(0, cp.indexOf('/')));
  if (name === undefined)
    return { whole: [], partial: [...new Set(categories)].map((one) => `${one}/`).filter(begins) };
  const all = which === 'target' ? system.namesIn(category).map((one) => `${category}/${one}`) : installed;
  return { whole: [...new Set(all)].filter(begins), partial: [] };
}

/**
 * Names with sets replaced by the atoms in them.
 *
 * @throws LvfsError exit 20: `UNKNOWN_SET`, `UNSUPPORTED_SET`
 */
export function withoutSets(names: readonly string[], locations: SystemLocations, log: Logger): string[] {
  if (!names.some(isSet)) return [...names];
  const system = readSystem(locations, log);
  return names.flatMap((name) => (isSet(name) ? system.setMembers(name) : [name]));
}

function isSet(name: string): boolean {
  return name.startsWith('@');
}
