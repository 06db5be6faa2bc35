/** Errors of the configuration. */
import { LvfsError, nearest } from '../base/index.js';

/** Where a value comes from: `default`, `FILE:LINE`, a variable's name or an option as it is typed. */
export type Origin = string;

/** The error for a setting that cannot be used. */
export function badSetting(where: Origin, what: string, hint?: string): LvfsError {
  return new LvfsError('BAD_CONFIG', `${where}: ${what}`, { hint });
}

/** The error for a key that there is not. */
export function unknownKey(at: Origin, name: string, candidates: readonly string[]): LvfsError {
  const suggestion = nearest(name, candidates);
  const hint =
    suggestion === undefined ? `known are ${candidates.join(', ')}` : `did you mean '${suggestion}'?`;
  return badSetting(at, `unknown key '${name}'`, hint);
}

/** A value as errors show it. */
export function showValue(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : (JSON.stringify(value) ?? String(value));
}
