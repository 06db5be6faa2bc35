/** How certain it is that a missing package matters, in the groups that reports show, whatever their form. */
import type { Missing, Report } from './report.js';

/** `missing` in the groups in which it is shown. */
export interface MissingGroups {
  /** The build needs them. */
  readonly missing: readonly Missing[];
  /** Whether that is proved, of all of them. */
  readonly isProved: boolean;
  /** The build comes out differently with them: proved. */
  readonly automagic: readonly Missing[];
  /** Nobody knows whether they make a difference. */
  readonly lookedFor: readonly Missing[];
}

/** Divides `missing` into groups. */
export function missingGroups({ missing }: Pick<Report, 'missing'>): MissingGroups {
  const needed = missing.filter(({ certainty }) => certainty === 'needed');
  const probed = missing.filter(({ certainty }) => certainty === 'probed');
  return {
    missing: needed,
    isProved: needed.length > 0 && needed.every(({ proved }) => proved === true),
    automagic: probed.filter(({ proved }) => proved === true),
    lookedFor: probed.filter(({ proved }) => proved !== true),
  };
}
