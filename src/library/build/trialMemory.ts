/** What builds that prove something have shown, so that a search that was interrupted need not make them again. */
import type { BuildResult, Missing } from '../../audit/index.js';
import type { UsedPackage } from '../../daemon/index.js';

/** What is remembered of one build; plain data. */
export interface RememberedTrial {
  readonly status: number;
  readonly result: Omit<BuildResult, 'failure' | 'facts'> & {
    readonly failure?: readonly string[];
    readonly facts?: readonly (readonly [string, string])[];
  };
  /** Hidden packages that it used, and what its report said of them. */
  readonly used: readonly UsedPackage[];
  readonly missing: readonly Missing[];
}

/** Where builds are remembered, by what was asked and shown. */
export interface TrialMemory {
  get(key: string): RememberedTrial | undefined;
  set(key: string, trial: RememberedTrial): void;
}

/** The key of a build with packages shown. */
export function trialKey(what: 'failing' | 'comparing', shown: readonly string[]): string {
  return JSON.stringify([what, [...shown].sort()]);
}

/** A result as it is remembered. */
export function plainResult({ failure, facts, ...rest }: BuildResult): RememberedTrial['result'] {
  return {
    ...rest,
    ...(failure === undefined ? {} : { failure: [...failure] }),
    ...(facts === undefined ? {} : { facts: [...facts] }),
  };
}

/** A result as it was. */
export function recalledResult({ failure, facts, ...rest }: RememberedTrial['result']): BuildResult {
  return {
    ...rest,
    ...(failure === undefined ? {} : { failure: new Set(failure) }),
    ...(facts === undefined ? {} : { facts: new Map(facts) }),
  };
}
