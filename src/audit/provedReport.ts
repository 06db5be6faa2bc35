/** What a proof makes of a report: who was proved to be needed stands first, and who was ruled out is no finding any more. */
import { isInSysroot, plainPackageName, type PackageId } from '../base/index.js';
import type { DifferenceProof, FailureProof } from './proof.js';
import { factOf, filesOf } from './images.js';
import { pathFacts, type BuildVariable } from './pathKinds.js';
import type { Missing, Report } from './findings.js';

/** What is known of packages that the first report may not have named. */
export interface Evidence {
  /** What later reports said of them, by cpv. */
  readonly reported: ReadonlyMap<PackageId, Missing>;
  /** What of them was used when they were shown, by cpv. */
  readonly used: ReadonlyMap<PackageId, { readonly atom: string; readonly paths: readonly string[] }>;
  /** Whether there are two systems; then the one that a package is of decides about its variable. */
  readonly hasSysroot: boolean;
}

/** The report of a failed build in the light of its proof. */
export function withFailureProof(report: Report, proof: FailureProof, evidence: Evidence): Report {
  const accused = (cpv: PackageId): Missing => entryFor(cpv, report, evidence, []);
  switch (proof.outcome) {
    case 'needs': {
      const missing = proof.packages.map((cpv) => ({
        ...accused(cpv),
        certainty: 'needed' as const,
        proved: true,
      }));
      return ruledOut(report, missing);
    }
    case 'own':
      // What got it further was missing, although that was not all.
      return ruledOut(
        report,
        proof.packages.map((cpv) => ({ ...accused(cpv), certainty: 'needed' as const })),
      );
    case 'unsteady':
    case 'open':
      return report;
  }
}

/** The report of a build that succeeded in the light of its comparison with others. */
export function withDifferenceProof(report: Report, proof: DifferenceProof, evidence: Evidence): Report {
  const found = new Map<PackageId, string[]>();
  for (const { packages, subjects } of proof.culprits)
    for (const cpv of packages) found.set(cpv, [...(found.get(cpv) ?? []), ...subjects]);
  const missing = [...found].map(([cpv, subjects]) => ({
    ...entryFor(cpv, report, evidence, subjects),
    proved: true,
    files: filesOf(subjects),
  }));
  if (proof.outcome === 'compared') return ruledOut(report, missing);
  return { ...report, missing: [...missing, ...report.missing.filter(({ cpv }) => !found.has(cpv))] };
}

function ruledOut(report: Report, missing: Missing[]): Report {
  const named = new Set(missing.map(({ cpv }) => cpv));
  const rest = report.missing.filter(({ cpv }) => !named.has(cpv));
  // What the user has shown was there in every build.
  const shown = rest.filter(({ certainty }) => certainty === 'allowed');
  const out = rest.filter(({ certainty }) => certainty !== 'allowed');
  return {
    ...report,
    missing: [...missing, ...shown],
    ruledOut: out.map(({ cpv, suggest }) => ({ cpv, suggest })),
  };
}

/** What is to be said of a package: how it was used tells more than how it was looked for. */
function entryFor(
  cpv: PackageId,
  report: Report,
  { reported, used, hasSysroot }: Evidence,
  subjects: readonly string[],
): Missing {
  const first = report.missing.find((one) => one.cpv === cpv);
  const later = reported.get(cpv);
  const known =
    later === undefined
      ? first
      : { ...later, ...first, suggest: later.suggest, suggestions: later.suggestions };
  const use = used.get(cpv);
  const ofSystem = isInSysroot(cpv) ? 'DEPEND' : 'BDEPEND';
  const isLinked = subjects.some(
    (subject) => factOf(subject).sign === 'needs' && factOf(subject).detail.startsWith('+'),
  );
  if (known === undefined) {
    const variable = hasSysroot ? ofSystem : isLinked ? 'DEPEND' : variableOf(use?.paths ?? []);
    const suggest = `${variable}="${use?.atom ?? plainPackageName(cpv)}"`;
    return {
      cpv,
      suggest,
      suggestions: [{ suggest, reason: 'the builds with it and without it tell' }],
      certainty: 'probed',
      hits: 0,
      paths: [...(use?.paths ?? [])],
      processes: [],
      phases: [],
      messages: [],
    };
  }
  const certainty = known.certainty === 'allowed' ? 'probed' : known.certainty;
  const inVariable = (line: string): string =>
    isLinked && !hasSysroot ? line.replace(/^BDEPEND(?==)/, 'DEPEND') : line;
  const suggestions = known.suggestions.map((one) => ({ ...one, suggest: inVariable(one.suggest) }));
  return { ...known, certainty, suggest: inVariable(known.suggest), suggestions };
}

/** Where a package belongs whose files were only found, or read by nobody that is known. */
function variableOf(paths: readonly string[]): BuildVariable {
  const weights = { DEPEND: 0, BDEPEND: 0 };
  for (const path of paths) {
    const { variable, weight, kind } = pathFacts(path);
    // Libraries that a program loads say nothing of how it is used.
    if (kind !== 'runtime library' && kind !== 'data')
      weights[variable] = Math.max(weights[variable], weight);
  }
  return weights.BDEPEND > weights.DEPEND ? 'BDEPEND' : 'DEPEND';
}
