import type { Verdict } from '../../src/cli/tinderbox/verdict.js';

/** What `lvfs check` says of a target: that it is clean, unless something else is said. */
export function verdict(target: string, more: Partial<Verdict> = {}): Verdict {
  return { target, verdict: 'clean', says: 'clean', findings: [], targets: [], details: [], ...more };
}
