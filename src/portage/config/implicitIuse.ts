/** Flags that belong to a package's IUSE without being listed there. */
import { lazy } from '../../base/index.js';
import { eapiFeatures } from '../eapi.js';
import type { Settings } from './settings.js';
import type { UseSettings } from './useSettings.js';

/** What decides about them. */
export interface ImplicitIuseParts {
  readonly settings: Settings;
  readonly useSettings: UseSettings;
  /** `ARCH` of the profile. */
  readonly arch: string;
  /** All architectures that the repositories know. */
  readonly archs: readonly string[];
}

/** See the head of this file. */
export class ImplicitIuse {
  readonly #parts: ImplicitIuseParts;

  constructor(parts: ImplicitIuseParts) {
    this.#parts = parts;
  }

  /** What IUSE_EFFECTIVE has beyond a package's own IUSE, from EAPI 5 on (PMS 11.1.1). */
  @lazy
  get flags(): ReadonlySet<string> {
    const { settings } = this.#parts;
    const flags = new Set(settings.words('IUSE_IMPLICIT'));
    const implicit = new Set(settings.words('USE_EXPAND_IMPLICIT'));
    for (const variable of settings.words('USE_EXPAND_UNPREFIXED')) {
      if (!implicit.has(variable)) continue;
      for (const value of settings.words(`USE_EXPAND_VALUES_${variable}`)) flags.add(value);
    }
    for (const variable of settings.words('USE_EXPAND')) {
      if (!implicit.has(variable)) continue;
      for (const value of settings.words(`USE_EXPAND_VALUES_${variable}`)) {
        flags.add(`${variable.toLowerCase()}_${value}`);
      }
    }
    return flags;
  }

  /** Portage's rules before EAPI 5: what is masked, forced, hidden, an architecture, or `build` or `bootstrap`. */
  @lazy
  get #old(): { flags: ReadonlySet<string>; prefixes: readonly string[] } {
    const { arch, archs, useSettings, settings } = this.#parts;
    return {
      flags: new Set([
        ...(arch === '' ? [] : [arch]),
        ...archs,
        ...useSettings.global('mask'),
        ...useSettings.global('force'),
        'build',
        'bootstrap',
      ]),
      prefixes: settings.words('USE_EXPAND_HIDDEN').map((variable) => `${variable.toLowerCase()}_`),
    };
  }

  /** Whether a flag is in the effective IUSE of a package with this EAPI without being in its own IUSE. */
  has(flag: string, eapi: string): boolean {
    if (eapiFeatures(eapi).iuseEffective) return this.flags.has(flag);
    const { flags, prefixes } = this.#old;
    return flags.has(flag) || prefixes.some((prefix) => flag.startsWith(prefix));
  }

  /** The flags beside its own IUSE that a wildcard may enable for a package; `masking` is masked or forced for it. */
  forWildcards(eapi: string, masking: Iterable<string>): Iterable<string> {
    if (eapiFeatures(eapi).iuseEffective) return this.flags;
    // Portage takes its patterns for flags here, and what is masked or forced for this package counts.
    const { arch, archs } = this.#parts;
    return [arch, ...archs, ...masking, ...this.#old.prefixes.map((prefix) => `${prefix}.*`)];
  }
}
