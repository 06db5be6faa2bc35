/** How certain it is that a missing package matters, in the groups that reports show, whatever their form. */
import type { Missing, Report } from './findings.js';

/** `missing` in the groups in which it is shown. */
export interface MissingGroups {
  /** The build needs them. */
  readonly missing: readonly Missing[];
  /** Whether that is proved, of all of them. */
  readonly isProved: boolean;
  /** The user has shown them, and they were used. */
  readonly allowed: readonly Missing[];
  /** The build comes out differently with them: proved. */
  readonly automagic: readonly Missing[];
  /** Nobody knows whether they make a difference. */
  readonly lookedFor: readonly Missing[];
}

/** Divides `missing` into groups. */
export function missingGroups({ missing }: Pick<Report, 'missing'>): MissingGroups {
  const of = (wanted: Missing['certainty']): Missing[] =>
    missing.filter(({ certainty }) => certainty === wanted);
  const [needed, probed] = [of('needed'), of('probed')];
  return {
    missing: needed,
    isProved: needed.length > 0 && needed.every(({ proved }) => proved === true),
    allowed: of('allowed'),
    automagic: probed.filter(({ proved }) => proved === true),
    lookedFor: probed.filter(({ proved }) => proved !== true),
  };
}
