/** The verdict on a build in a few words: what the ebuild's author has to know. */
import { packageName } from '../base/index.js';
import type { BuildOutcome } from '../library/index.js';

/** What a build showed; the first that holds. docs/json.md says what each means. */
export type Finding =
  | 'fails-without'
  | 'own-failure'
  | 'unsteady'
  | 'failed'
  | 'automagic'
  | 'builds-without'
  | 'second-hand'
  | 'not-compared'
  | 'clean';

/** See the head of this file. */
export interface VerdictWords {
  readonly finding: Finding;
  /** The packages that it is about: cpvs. */
  readonly packages: readonly string[];
  /** `fails without sys-devel/bison`. */
  readonly says: string;
  /** All that holds, in a form that stays the same when versions change: `second-hand dev-libs/foo`; sorted, empty for a clean build. */
  readonly findings: readonly string[];
}

/** One of the things that hold of a build. */
type Words = Omit<VerdictWords, 'findings'>;

/** The words for a build. */
export function verdictWords(outcome: BuildOutcome): VerdictWords {
  const [first, ...more] = outcome.status === 0 ? ofSuccess(outcome) : [ofFailure(outcome)];
  const words: Words = first ?? { finding: 'clean', packages: [], says: 'clean' };
  const all = [words, ...more];
  return {
    ...words,
    says: all.map(({ says }) => says).join('; '),
    findings: first === undefined ? [] : [...new Set(all.flatMap(keysOf))].sort(),
  };
}

function keysOf({ finding, packages }: Words): string[] {
  return packages.length === 0 ? [finding] : packages.map((cpv) => `${finding} ${packageName(cpv)}`);
}

function ofFailure({ status, proof, report }: BuildOutcome): Words {
  const packages = proof?.packages ?? [];
  switch (proof?.outcome) {
    case 'needs':
      return { finding: 'fails-without', packages, says: `fails without ${names(packages)}` };
    case 'own':
      return {
        finding: 'own-failure',
        packages,
        says: `${packages.length === 0 ? '' : `lacks ${names(packages)}, then `}own failure (the same in a full view)`,
      };
    case 'unsteady':
      return { finding: 'unsteady', packages: [], says: 'fails one time and builds another' };
    case 'open':
    case undefined: {
      const needed = report.missing.filter(({ certainty }) => certainty === 'needed').map(({ cpv }) => cpv);
      const without = needed.length === 0 ? '' : `, it seems without ${names(needed)}`;
      return { finding: 'failed', packages: needed, says: `fails (status ${status})${without}` };
    }
  }
}

function ofSuccess({ report, comparison }: BuildOutcome): Words[] {
  const found: Words[] = [];
  const add = (finding: Finding, packages: readonly string[], says: string): void => {
    if (packages.length > 0) found.push({ finding, packages, says });
  };
  const proved = report.missing.filter((one) => one.proved === true).map(({ cpv }) => cpv);
  add('automagic', proved, `builds, but without ${names(proved)} (automagic)`);
  const needed = report.missing
    .filter(({ certainty, proved: isProved }) => certainty === 'needed' && isProved !== true)
    .map(({ cpv }) => cpv);
  add('builds-without', needed, `builds, but without ${names(needed)}`);
  const direct = report.secondHand.filter(({ use }) => use === 'direct').map(({ cpv }) => cpv);
  add('second-hand', direct, `second-hand ${names(direct)}`);
  const unexplained = comparison?.unexplained.length ?? 0;
  if (unexplained > 0 && proved.length === 0)
    found.push({
      finding: 'automagic',
      packages: [],
      says: 'builds, but without something hidden (automagic)',
    });
  if (comparison?.outcome === 'impossible' || comparison?.outcome === 'open') {
    const says = comparison.outcome === 'open' ? 'not all compared' : 'nothing compared';
    found.push({ finding: 'not-compared', packages: [], says: `${says}${because(comparison.reason)}` });
  }
  return found;
}

function because(reason: string | undefined): string {
  return reason === undefined ? '' : `: ${reason}`;
}

function names(cpvs: readonly string[]): string {
  const list = [...new Set(cpvs.map(packageName))];
  return list.length < 3 ? list.join(' and ') : `${list.slice(0, -1).join(', ')} and ${list.at(-1) ?? ''}`;
}
