/** One build in a private view, and what it says about the target's dependencies. */
import type {
  Denial,
  DifferenceProof,
  FailureProof,
  Image,
  ImageDifference,
  Report,
  SettingChange,
} from '../../audit/index.js';
import { exitStatus, LvfsError, type ExitStatus, type PackageId } from '../../base/index.js';
import type { Inside, InsideRequest, ReportGraph } from '../../daemon/index.js';
import type { Hearer } from '../mounting.js';
import type { Interruption } from './interruption.js';
import { withInside, type Room } from './room.js';
import { candidatesOf, suspectsOf, Trials, type BuildPlan } from './trials.js';

/** How long builds that prove something may take, in minutes, unless something else is said. */
export const usualProofTime = 30;

/** What came of a build. */
export interface BuildOutcome {
  /** cpvs. */
  readonly targets: readonly string[];
  /** Exit status of the build command, as a shell gives it. */
  readonly status: number;
  /** Of the first build, as are its beginning and its end, in ISO 8601. */
  readonly seconds: number;
  readonly started: string;
  readonly ended: string;
  /** In the light of what was proved. */
  readonly report: Report;
  readonly html?: string;
  /** The end of the first build's output. */
  readonly output: string;
  /** The logs that emerge has left of a build that failed, by their paths on the host. */
  readonly logs: readonly string[];
  readonly proof?: Proof;
  readonly comparison?: Comparison;
  /** What a first build that was made apart, or is compared, would install. */
  readonly image?: Image;
  /** The user ended the build: what is known is of what happened so far. */
  readonly interrupted: boolean;
}

/** Why something is left open; `remains`: a command failed again on what it had left itself. */
export type EffortEnd = Trials['end'] | 'remains';

/** How many builds a proof took and how long. */
export interface Effort {
  readonly builds: number;
  readonly seconds: number;
  /** Why there were no more builds, when that left something open. */
  readonly end?: EffortEnd;
}

/** What building a failed build again has shown; see `FailureProof`. */
export interface Proof extends Pick<FailureProof, 'outcome' | 'packages'>, Effort {}

/** What `--compare` has shown. */
export interface Comparison extends Effort {
  /**
   * `same`; `differs`: what is hidden makes a difference; `open`: there were to be no more builds before that was known, or known
   * of all; `impossible`: nothing could be compared, and `reason` says why.
   */
  readonly outcome: 'same' | 'differs' | 'open' | 'impossible';
  readonly reason?: string;
  /** What was looked for in vain and shown in the build that was compared; so was all else that is installed. */
  readonly allowed: readonly string[];
  /** Of the build with that; undefined when there was none. */
  readonly status?: number;
  /** Between the first build's result and that one's. */
  readonly difference?: ImageDifference;
  /** Packages that make a difference, and the files in which: those of an entry together. */
  readonly automagic: readonly {
    readonly packages: readonly PackageId[];
    readonly files: readonly string[];
    /** What the build finds out otherwise with them. */
    readonly settings: readonly SettingChange[];
  }[];
  /** Files that differ from one build to the next although the same is shown. */
  readonly unsteady: readonly string[];
  /** Files that differ, and nobody was found for. */
  readonly unexplained: readonly string[];
}

/**
 * Builds in a view of its own, proves what there is to be proved, and reports.
 *
 * @param room provides the view
 */
export async function build(
  request: InsideRequest,
  plan: BuildPlan,
  talk: Hearer,
  interruption: Interruption,
  room: Room = withInside,
): Promise<BuildOutcome> {
  return room({ ...request, attribute: true }, talk, interruption, async (inside) => {
    let hears = plan.onDenial;
    if (hears !== undefined) follow(inside, (denial) => hears?.(denial));
    using trials = new Trials(inside, plan, talk, interruption, request.environment);
    const started = new Date();
    const start = performance.now();
    await trials.first();
    const seconds = secondsSince(start);
    const ended = new Date();
    const { status } = trials;
    const first = await inside.view.request('report', {
      ignore: plan.ignore,
      habitsOff: plan.habitsOff,
      captured: true,
      status,
    });
    // Denials come over the same socket, so those of the build are here before the report.
    hears = undefined;
    const text = await inside.view.request('output');
    const graph = plan.html ? await inside.view.request('graph') : undefined;
    trials.limit(plan.proofTime ?? usualProofTime);
    const interrupted = interruption.signal.aborted;
    const { report, ...proved } = interrupted
      ? { report: first.report }
      : await prove(trials, plan, status, first.report, text);
    return {
      targets: inside.status.targets,
      status,
      seconds,
      started: started.toISOString(),
      ended: ended.toISOString(),
      report,
      output: text,
      logs: status === 0 ? [] : await trials.logs(started),
      interrupted,
      ...(trials.firstImage === undefined ? {} : { image: trials.firstImage }),
      ...proved,
      ...(graph === undefined ? {} : { html: await page(report, graph, status) }),
    };
  });
}

function secondsSince(start: number): number {
  return Math.round((performance.now() - start) / 100) / 10;
}

async function page(report: Report, graph: ReportGraph, status: number): Promise<string> {
  const { reportPage } = await import('../../page/index.js');
  return reportPage(report, graph, status);
}

/** What there is to be proved of a build, and what becomes of its report. */
async function prove(
  trials: Trials,
  plan: BuildPlan,
  status: number,
  report: Report,
  text: string,
): Promise<{ report: Report; proof?: Proof; comparison?: Comparison }> {
  const proved = status !== 0 && plan.prove ? await proveFailed(trials, report, text) : { report };
  if (!plan.compare) return proved;
  if (status === 0) return compare(trials, report);
  return { ...proved, comparison: impossible('the build failed') };
}

async function proveFailed(
  trials: Trials,
  report: Report,
  text: string,
): Promise<{ report: Report; proof: Proof }> {
  const { failureSigns, proveFailure, withFailureProof } = await import('../../audit/index.js');
  const start = performance.now();
  const all = await trials.hidden(report);
  const among = new Set(all);
  const suspects = suspectsOf(report).filter((cpv) => among.has(cpv));
  const found = await proveFailure(
    { built: false, failure: failureSigns(text), suspects },
    {
      likely: candidatesOf(report).filter((cpv) => among.has(cpv)),
      all,
      needsOf: (cpv) => trials.needsOf(cpv),
    },
    (shown) => trials.failing(shown),
  );
  const effort = { builds: found.builds, seconds: secondsSince(start) };
  // A command is run again on what it has left, which may have made it fail again.
  const isDoubtful = found.outcome === 'own' && candidatesOf(report).length > 0 && !trials.startsAnew;
  const proof: FailureProof = isDoubtful ? { ...found, outcome: 'open' } : found;
  const end = proof.outcome === 'open' ? { end: isDoubtful ? ('remains' as const) : trials.end } : {};
  return {
    report: withFailureProof(report, proof, trials),
    proof: { outcome: proof.outcome, packages: proof.packages, ...effort, ...end },
  };
}

function impossible(reason: string, more: Partial<Comparison> = {}): Comparison {
  return {
    outcome: 'impossible',
    reason,
    allowed: [],
    automagic: [],
    unsteady: [],
    unexplained: [],
    builds: 0,
    seconds: 0,
    ...more,
  };
}

async function compare(trials: Trials, report: Report): Promise<{ report: Report; comparison: Comparison }> {
  const { isMereContent, proveDifference, withDifferenceProof } = await import('../../audit/index.js');
  const first = trials.firstImage;
  if (first === undefined) return { report, comparison: impossible(trials.obstacle ?? '') };
  const start = performance.now();
  const all = await trials.hidden(report);
  const among = new Set(all);
  const likely = candidatesOf(report).filter((cpv) => among.has(cpv));
  let full: { status: number; image: Image | undefined } | undefined;
  const candidates = { likely, all, needsOf: (cpv: PackageId) => trials.needsOf(cpv) };
  const proof = await proveDifference(candidates, isMereContent, async (shown) => {
    // What one build left lies beside what the next makes.
    if (full !== undefined && !trials.canTellApart) return undefined;
    const result = await trials.comparing(shown);
    if (result !== undefined && (full === undefined || full.status !== 0))
      full = { status: trials.status, image: trials.image };
    return result;
  });
  return {
    report: withDifferenceProof(report, proof, trials),
    comparison: await comparisonOf(proof, trials, { likely, first, full, seconds: secondsSince(start) }),
  };
}

async function comparisonOf(
  proof: DifferenceProof,
  trials: Trials,
  built: {
    likely: readonly PackageId[];
    first: Image;
    full: { status: number; image: Image | undefined } | undefined;
    seconds: number;
  },
): Promise<Comparison> {
  const { compareImages, filesOf } = await import('../../audit/index.js');
  const { likely, first, full, seconds } = built;
  const { outcome, culprits, builds } = proof;
  const shared = {
    allowed: likely,
    builds,
    seconds,
    ...(full === undefined ? {} : { status: full.status }),
    ...(full?.image === undefined ? {} : { difference: compareImages(first, full.image) }),
    automagic: culprits.map(({ packages, subjects, settings = [] }) => ({
      packages,
      files: filesOf(subjects),
      settings,
    })),
    unsteady: filesOf(proof.unsteady),
    unexplained: filesOf(proof.unexplained),
  };
  if (outcome === 'incomparable') {
    const failed = `with all that is installed the build fails (status ${full?.status ?? 0})`;
    return impossible(full?.status === 0 ? (trials.obstacle ?? '') : failed, shared);
  }
  if (full === undefined) return impossible('there was no time for another build', shared);
  if (outcome === 'open') return { outcome, end: trials.end, ...shared };
  return { outcome: culprits.length + proof.unexplained.length > 0 ? 'differs' : 'same', ...shared };
}

/** Passes on every denial until the view is gone. */
function follow(inside: Inside, hear: (denial: Denial) => void): void {
  inside.view.request('follow', {}, hear).catch((error: unknown) => {
    // The view is gone: that is how following ends.
    if (!(error instanceof LvfsError)) throw error;
  });
}

/** Whether what is hidden makes a difference to the result. */
function isAutomagic({ automagic, unexplained }: Comparison): boolean {
  return automagic.length + unexplained.length > 0;
}

/** Whether undeclared dependencies were found: what a tool gave up over, what the user had to show, and what is used second-hand. */
export function isIncomplete(report: Report): boolean {
  return (
    report.missing.some(({ certainty }) => certainty !== 'probed') ||
    report.secondHand.some(({ use }) => use === 'direct')
  );
}

/** What a build ends with: it failed, it used what it does not declare, nothing could be compared, or all is well. */
export function verdict({ status, report, comparison }: BuildOutcome): ExitStatus {
  if (status !== 0) return exitStatus.buildFailed;
  if ((comparison !== undefined && isAutomagic(comparison)) || isIncomplete(report))
    return exitStatus.undeclared;
  const isCompared =
    comparison === undefined || comparison.outcome === 'same' || comparison.outcome === 'differs';
  return isCompared ? exitStatus.ok : exitStatus.failure;
}
