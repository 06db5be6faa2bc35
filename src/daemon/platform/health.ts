/** What the parts of a platform have to say for `lvfs doctor`. */

/** One line of the answer. */
export interface HealthCheck {
  readonly name: string;
  /** `fail`: lvfs cannot work; `warn`: something of it cannot, or will be slower. */
  readonly state: 'ok' | 'warn' | 'fail';
  /** What was found. */
  readonly found: string;
  /** How to mend it; not with `ok`. */
  readonly remedy?: string;
}

/** Something that closes a way. */
export interface Obstacle {
  /** What was found. */
  readonly found: string;
  /** How to mend it. */
  readonly remedy: string;
}

/** A check that has no name yet. */
export type Finding = Omit<HealthCheck, 'name'>;

export const ok = (found: string): Finding => ({ state: 'ok', found });
export const warn = (found: string, remedy: string): Finding => ({ state: 'warn', found, remedy });
export const fail = (found: string, remedy: string): Finding => ({ state: 'fail', found, remedy });
