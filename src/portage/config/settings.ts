/** The variables of a configuration, and how those of several sources add up (make.conf(5); `portage.config`). */
import { words as split } from '../packageFiles.js';
import type { Variables } from './useSettings.js';

/** Variables of which every source adds to the ones before (`portage.const.INCREMENTALS`). */
export const INCREMENTALS: ReadonlySet<string> = new Set([
  'ACCEPT_KEYWORDS',
  'CONFIG_PROTECT',
  'CONFIG_PROTECT_MASK',
  'ENV_UNSET',
  'FEATURES',
  'IUSE_IMPLICIT',
  'PROFILE_ONLY_VARIABLES',
  'USE',
  'USE_EXPAND',
  'USE_EXPAND_HIDDEN',
  'USE_EXPAND_IMPLICIT',
  'USE_EXPAND_UNPREFIXED',
]);

/** What make.conf(5), emerge(1) and ebuild(5) have names for: what is built, how, and where things lie. */
const portages = new RegExp(
  '^(?:' +
    '(?:ACCEPT|BINPKG|CCACHE|CONFIG|EBUILD|EMERGE|PORTAGE|PORTDIR|PORT|USE)_\\w+|E?ROOT|E?SYSROOT|BROOT|EPREFIX|' +
    'ALLOW_TEST|ARCH|CBUILD|CHOST|CTARGET|DISTDIR|ENV_UNSET|FEATURES|IUSE_IMPLICIT|LVFS|PKGDIR|PORTDIR|PROFILE_ONLY_VARIABLES|USE' +
    ')$',
);

/** Whether a variable is Portage's own; USE_EXPAND names more, which profiles choose. */
export function isPortages(name: string): boolean {
  return portages.test(name);
}

/** The names of the sources, the least important first; `env` is what the caller passed. */
export const SOURCES = [
  'env.d',
  'repo',
  'features',
  'pkginternal',
  'globals',
  'defaults',
  'conf',
  'pkg',
  'env',
] as const;
/** See {@link SOURCES}. */
export type Source = (typeof SOURCES)[number];
/** The variables of each source. */
export type Sources = Readonly<Record<Source, Variables>>;

const NO_VERSIONS = /^(?:-\*|\*)$/;

/** The variables of some sources together. */
export class Settings {
  readonly #cache = new Map<string, string | undefined>();
  readonly #words = new Map<string, readonly string[]>();

  constructor(readonly sources: Sources) {}

  /** The value of a variable: added up when it is incremental, else of the most important source that has it. */
  get(name: string): string | undefined {
    if (this.#cache.has(name)) return this.#cache.get(name);
    const value = INCREMENTALS.has(name) ? this.#addUp(name) : this.#last(name);
    this.#cache.set(name, value);
    return value;
  }

  /** The words of a variable; none when it is unset. */
  words(name: string): readonly string[] {
    let found = this.#words.get(name);
    if (found === undefined) this.#words.set(name, (found = split(this.get(name))));
    return found;
  }

  /** The words of a variable in all sources, from the last `*` or `-*` on (`prune_incremental`). */
  pruned(name: string): readonly string[] {
    const all = SOURCES.flatMap((source) => split(this.sources[source].get(name)));
    const last = all.findLastIndex((word) => NO_VERSIONS.test(word));
    if (last < 0) return all;
    // A -* at the very end stays: nothing at all would mean the default.
    return all[last] === '*' || last === all.length - 1 ? all.slice(last) : all.slice(last + 1);
  }

  #last(name: string): string | undefined {
    for (let i = SOURCES.length - 1; i >= 0; i--) {
      const value = this.sources[SOURCES[i]!].get(name);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  #addUp(name: string): string | undefined {
    const words = new Set<string>();
    let isSet = false;
    for (const source of SOURCES) {
      const value = this.sources[source].get(name);
      if (value === undefined) continue;
      isSet = true;
      for (const word of split(value)) {
        if (word === '-*') words.clear();
        else if (word.startsWith('-')) words.delete(word.slice(1));
        else {
          const plain = word.startsWith('+') ? word.slice(1) : word;
          if (plain.startsWith('-')) words.delete(plain.slice(1));
          else if (plain !== '') words.add(plain);
        }
      }
    }
    return isSet ? [...words].sort().join(' ') : undefined;
  }
}

/** Joins variables of several files: incremental ones add up, of others the last counts (`stack_dicts`). */
export function stackVariables(all: readonly Variables[]): Map<string, string> {
  const result = new Map<string, string>();
  for (const variables of all) addVariables(result, variables);
  return result;
}

/** Adds variables of one source to those before: incremental ones add up. */
export function addVariables(to: Map<string, string>, variables: Variables): void {
  for (const [name, value] of variables) {
    const before = INCREMENTALS.has(name) ? to.get(name) : undefined;
    to.set(name, before === undefined ? value : `${before} ${value}`);
  }
}
