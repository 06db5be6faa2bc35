/** `lvfs check`: builds many targets, each in a view of its own, and gives one verdict each. */
import { availableParallelism } from 'node:os';
import { exitStatus, LvfsError, type ExitStatus } from '../../base/index.js';
import { build, buildOptions, verdict } from '../building.js';
import { defineCommand } from '../command.js';
import { endLike, Signals } from '../inside.js';
import { insideOptions, insideRequest } from '../insideOptions.js';
import { errorToJson, type Output } from '../output.js';
import { OutputFiles } from '../outputFiles.js';
import { checkPage, junit } from '../checkFiles.js';
import { displayText } from '../text.js';
import { outcomeJson } from '../buildOutput.js';
import { summary, verdictWords, type Verdict } from '../verdictWords.js';

export const command = defineCommand({
  name: 'check',
  summary: 'build many, one verdict each',
  describe:
    'Builds each target in a private view of its own, several at a time, and prints one verdict each: clean, undeclared, failed, or error. ' +
    'With --json one object a line, as they come. 29: a build failed; 30: undeclared dependencies were found; 1: a target could not be checked.',
  options: {
    ...insideOptions,
    ...buildOptions,
    jobs: {
      type: 'number',
      alias: 'j',
      value: 'N',
      range: [1, 256],
      describe: 'Builds at a time (default: processors / 2)',
    },
    junit: { type: 'string', value: 'FILE', describe: 'Write the verdicts as JUnit XML' },
    html: { type: 'string', value: 'FILE', describe: 'Write all reports as one self-contained page' },
  },
  examples: [
    ['lvfs check dev-libs/foo dev-libs/bar', 'two packages'],
    ['lvfs check --jobs 8 --junit result.xml @changed', 'in CI'],
  ],
  operands: [{ name: 'atom…', is: 'target', optional: true }],
  ebuildDirectory: true,
  async run(invocation) {
    const { operands, options, output } = invocation;
    const { ignore, habitsOff } = await invocation.settings();
    const files = new OutputFiles();
    const signals = new Signals();
    const plan = {
      command: options.command,
      compare: options.compare,
      prove: !options['no-prove'],
      proofTime: options['proof-time'],
      image: options.image,
      html: options.html !== undefined,
      show: false,
      ignore,
      habitsOff,
    };
    const verdicts: Verdict[] = [];
    const queue = [...operands];
    const worker = async (): Promise<void> => {
      for (let target = queue.shift(); target !== undefined; target = queue.shift()) {
        output.progress(`${verdicts.length} of ${operands.length} checked; building ${target}`);
        const one = await checkOne(target);
        // One that was interrupted has no verdict.
        if (one.error?.code === 'CANCELLED') return;
        verdicts.push(one);
        print(one, output, invocation.version());
      }
    };
    const checkOne = async (target: string): Promise<Verdict> => {
      try {
        const request = await insideRequest(invocation, [target], {
          emerge: options.command === undefined,
          checkout: options.command !== undefined,
        });
        const outcome = await build(request, plan, output, signals);
        if (outcome.interrupted) throw new LvfsError('CANCELLED', 'interrupted');
        return { target, verdict: verdictOf(verdict(outcome)), outcome };
      } catch (error) {
        if (!(error instanceof LvfsError)) throw error;
        return { target, verdict: 'error', error };
      }
    };
    try {
      const xml = files.result(options.junit);
      const page = files.result(options.html);
      const jobs = options.jobs ?? Math.max(1, Math.floor(availableParallelism() / 2));
      await Promise.all(Array.from({ length: Math.min(jobs, operands.length) }, worker));
      output.endProgress();
      // Of a run that was interrupted, what is there.
      const left = operands.filter((target) => !verdicts.some((one) => one.target === target));
      xml?.write(junit(verdicts, left));
      page?.write(checkPage(verdicts, left));
      const end = files.end(overall(verdicts), output);
      if (signals.status === undefined) return end;
      output.log('warn', `interrupted: ${verdicts.length} of ${operands.length} targets were checked`);
      return endLike(signals.status, signals);
    } finally {
      files.close();
      signals.release();
    }
  },
});

function verdictOf(status: ExitStatus): Verdict['verdict'] {
  if (status === exitStatus.ok) return 'clean';
  if (status === exitStatus.undeclared) return 'undeclared';
  return status === exitStatus.buildFailed ? 'failed' : 'error';
}

function overall(verdicts: readonly Verdict[]): ExitStatus {
  const has = (word: Verdict['verdict']): boolean => verdicts.some((one) => one.verdict === word);
  if (has('failed')) return exitStatus.buildFailed;
  if (has('undeclared')) return exitStatus.undeclared;
  return has('error') ? exitStatus.failure : exitStatus.ok;
}

function print(one: Verdict, output: Output, version: string): void {
  const { target, outcome, error } = one;
  if (output.json) {
    output.printJson({
      target,
      verdict: one.verdict,
      ...(outcome === undefined
        ? { version }
        : { ...verdictWords(outcome), ...outcomeJson(outcome, version) }),
      ...(error === undefined ? {} : { error: errorToJson(error) }),
    });
    return;
  }
  const { bold, dim } = output.colors;
  output.print(`${paint(one.verdict, output)} ${bold(target)} ${dim(summary(one))}`.trimEnd());
  for (const log of outcome?.logs ?? [])
    output.print(`${' '.repeat(verdictWidth + 1)}${dim(`its log is ${displayText(log)}`)}`);
  if (error?.hint !== undefined) output.print(`${' '.repeat(verdictWidth + 1)}${dim(`hint: ${error.hint}`)}`);
}

/** Columns of a verdict. */
const verdictWidth = 10;

function paint(word: Verdict['verdict'], { colors }: Output): string {
  const color = { clean: colors.green, undeclared: colors.yellow, failed: colors.red, error: colors.red }[
    word
  ];
  return color(word.padEnd(verdictWidth));
}
