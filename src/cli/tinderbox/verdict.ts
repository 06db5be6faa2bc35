/** The verdict on one target of `lvfs check`: plain data, as it stands in a journal. */
import {
  array,
  fallback,
  literal,
  looseObject,
  number,
  object,
  optional,
  picklist,
  pipe,
  regex,
  safeParse,
  string,
  type InferOutput,
} from 'valibot';
import { exitStatus, packageName, type ExitStatus } from '../../base/index.js';
import { verdict as statusOf, type BuildOutcome, type Checked } from '../../library/index.js';
import { endOfOutput, outcomeJson } from '../buildOutput.js';
import { errorToJson } from '../output.js';
import { verdictWords } from '../verdictWords.js';

/** Characters of a build's output that a verdict keeps. */
const outputKept = 10_000;

const strings = array(string());

/** Files lie in a directory of results at `CATEGORY/PF.…`, and nowhere else. */
const resultFile = pipe(string(), regex(/^\w[\w+.-]*\/\w[\w+.@-]*\.(?:html|log|json)$/));

/** A line of a journal, or of what `lvfs check --json` prints: docs/json.md says what the fields mean. */
const verdictSchema = looseObject({
  target: string(),
  verdict: picklist(['clean', 'undeclared', 'failed', 'error']),
  says: fallback(string(), ''),
  findings: fallback(strings, []),
  targets: fallback(strings, []),
  details: fallback(strings, []),
  known: optional(literal(true)),
  seconds: optional(number()),
  started: optional(string()),
  ended: optional(string()),
  failure: optional(object({ logs: strings, output: string() })),
  error: optional(looseObject({ code: string(), message: string(), hint: optional(string()) })),
  // Of a journal that says otherwise, no file is taken.
  files: fallback(
    optional(object({ page: optional(resultFile), log: resultFile, json: resultFile })),
    undefined,
  ),
});

/** See the head of this file. */
export type Verdict = Readonly<InferOutput<typeof verdictSchema>>;

/** The verdict in a line of JSON; undefined when there is none. */
export function parseVerdict(value: unknown): Verdict | undefined {
  const { success, output } = safeParse(verdictSchema, value);
  return success ? output : undefined;
}

/** The verdict on what came of a target. */
export function verdictOn({ target, outcome, error }: Checked): Verdict {
  const of = outcome === undefined ? {} : ofBuild(outcome);
  if (error !== undefined)
    return {
      says: error.message,
      targets: [],
      details: [],
      ...of,
      target,
      verdict: 'error',
      findings: [`error ${error.code}`],
      error: { code: error.code, message: error.message, hint: error.hint },
    };
  if (outcome === undefined) throw new TypeError(`nothing came of ${target}`);
  const { says, findings } = verdictWords(outcome);
  return { target, verdict: wordFor(statusOf(outcome)), says, findings: [...findings], ...ofBuild(outcome) };
}

function ofBuild(outcome: BuildOutcome): Pick<Verdict, 'targets' | 'details'> & Partial<Verdict> {
  const { targets, seconds, started, ended, report, logs, status } = outcome;
  const details = [
    ...report.missing.map(({ suggest, certainty }) => `${certainty}: ${suggest}`),
    ...report.secondHand.map(({ suggest }) => `second-hand: ${suggest}`),
    ...logs.map((log) => `log: ${log}`),
  ];
  const isFailed = status !== 0;
  return {
    targets: [...targets],
    details,
    seconds,
    started,
    ended,
    ...(isFailed ? { failure: { logs: [...logs], output: endOfOutput(outcome, outputKept) } } : {}),
  };
}

function wordFor(status: ExitStatus): Verdict['verdict'] {
  if (status === exitStatus.ok) return 'clean';
  if (status === exitStatus.undeclared) return 'undeclared';
  return status === exitStatus.buildFailed ? 'failed' : 'error';
}

/** A line of `lvfs check --json`. */
export function verdictJson(
  { target, outcome, error }: Checked,
  verdict: Verdict,
  version: string,
): Record<string, unknown> {
  const { known, files } = verdict;
  return {
    target,
    verdict: verdict.verdict,
    ...(known === undefined ? {} : { known }),
    ...(outcome === undefined
      ? { version }
      : { ...verdictWords(outcome), ...outcomeJson(outcome, version), details: verdict.details }),
    findings: verdict.findings,
    ...(error === undefined ? {} : { error: errorToJson(error) }),
    ...(files === undefined ? {} : { files }),
  };
}

/** The package that a verdict is about, whatever its version: what an earlier verdict is found by. */
export function subjectOf({ target, targets }: Pick<Verdict, 'target' | 'targets'>): string {
  return targets.length === 1 ? packageName(targets[0] ?? target) : target;
}

/** What all verdicts together end with; those that are known do not count. */
export function overall(verdicts: Iterable<Verdict>): ExitStatus {
  const words = new Set(Array.from(verdicts, (one) => (one.known === true ? 'clean' : one.verdict)));
  if (words.has('failed')) return exitStatus.buildFailed;
  if (words.has('undeclared')) return exitStatus.undeclared;
  return words.has('error') ? exitStatus.failure : exitStatus.ok;
}

/** How many there are of each word, as people read it: `12 clean, 1 failed`. */
export function countsOf(verdicts: Iterable<Verdict>): string {
  const counts = new Map<string, number>();
  for (const { verdict } of verdicts) counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  return ['clean', 'undeclared', 'failed', 'error']
    .flatMap((word) => (counts.has(word) ? [`${counts.get(word) ?? 0} ${word}`] : []))
    .join(', ');
}
