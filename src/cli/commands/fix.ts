/** `lvfs fix`: builds until it is known what an ebuild should declare, and gives a patch of it. */
import { createInterface } from 'node:readline/promises';
import type { Answer, Asker, Question } from '../../author/index.js';
import { exitStatus, LvfsError, type ExitStatus } from '../../base/index.js';
import { usualBuilds, type Fix, type FixStep } from '../../library/index.js';
import { defineCommand } from '../command.js';
import { endLike, Signals } from '../inside.js';
import { insideOptions, privateOptions } from '../insideOptions.js';
import type { Output } from '../output.js';
import { OutputFiles } from '../outputFiles.js';
import { counted } from '../text.js';
import { system } from '../viewRequest.js';

export const command = defineCommand({
  name: 'fix',
  summary: 'a patch of what the ebuild forgot',
  describe:
    'Builds the ebuild in private views until it is known what it should declare: shows what was missing, takes that away again one by ' +
    'one, and switches flags that fit. Prints a patch for git apply or git am, whose message states the evidence. The ebuild itself is not changed. ' +
    '29: the build fails whatever is shown; 1: not all is known.',
  options: {
    ...insideOptions,
    unused: {
      type: 'boolean',
      describe: 'Also find out which declared build dependencies can go',
      more: 'Each of which nothing was read is hidden; when the result stays the same, it is taken out of the ebuild.',
    },
    'no-compare': {
      type: 'boolean',
      describe: 'Do not look for packages that only make the result differ (automagic)',
    },
    'dry-run': { type: 'boolean', alias: 'n', describe: 'Say what would be tried, and build nothing' },
    builds: {
      type: 'number',
      value: 'N',
      range: [1, 10_000],
      describe: `How many builds there may be (default ${usualBuilds})`,
    },
    'build-time': {
      type: 'number',
      value: 'MINUTES',
      range: [1, 10_080],
      describe: 'How long building may take in all (default: no limit)',
      more: 'No build begins after that; one that is made to find out what another lacks, or what makes a difference, is ended.',
    },
    again: {
      type: 'boolean',
      describe: 'Build everything again, also what an earlier call that was interrupted has found out',
    },
    patch: { type: 'string', value: 'FILE', describe: 'Write the patch there instead of to standard output' },
  },
  examples: [
    ['lvfs fix dev-libs/foo >foo.patch', 'what should it declare?'],
    ['lvfs fix --unused --test ./foo-1.2.ebuild', 'also what it declares in vain, with its tests'],
    ['lvfs fix dev-libs/foo | git -C /var/db/repos/mine am', 'commit it at once'],
  ],
  operands: [{ name: 'atom', is: 'target', optional: true }],
  ebuildDirectory: true,
  async run(invocation) {
    const { operands, options, output } = invocation;
    const settings = await invocation.settings();
    const files = new OutputFiles();
    const signals = new Signals();
    try {
      const patchFile = files.result(options.patch);
      const wanted = {
        ...privateOptions(settings, options),
        ...{ ignore: settings.ignore, habitsOff: settings.habitsOff },
        ...{ unused: options.unused, compare: !options['no-compare'], again: options.again },
        ...{ builds: options.builds, buildTime: options['build-time'] },
      };
      const [target = '', ...others] = operands;
      if (others.length > 0) throw new LvfsError('ONE_TARGET', 'one ebuild at a time can be mended');
      const here = system(settings, output);
      if (options['dry-run']) {
        const { builds, steps, ...what } = await here.planFix(target, wanted);
        if (output.json) output.printJson({ ...what, builds, steps });
        else
          output.print(
            [
              `${what.target} (${what.ebuild}), at most ${builds} builds:`,
              ...steps.map((step) => `  ${step}`),
            ].join('\n'),
          );
        return exitStatus.ok;
      }
      const told = stepsOn(output);
      const fix = await here.fix(target, {
        ...wanted,
        ask: output.json || options.quiet ? undefined : askerOn(output, signals),
        onStep: told,
        signal: signals.signal,
        passTo: signals.passTo,
      });
      patchFile?.write(fix.patch);
      if (output.json) {
        output.printJson({
          target: fix.target,
          ebuild: fix.ebuild,
          outcome: fix.outcome,
          builds: fix.builds,
          additions: fix.additions,
          withdrawals: fix.withdrawals,
          open: fix.open,
          message: fix.message,
          patch: fix.patch,
          steps: fix.steps,
        });
      } else {
        tell(fix, output);
        if (patchFile === undefined && fix.patch !== '') output.print(fix.patch.trimEnd());
      }
      // What is known is kept until it is handed over as a whole.
      if (fix.outcome !== 'open') fix.forget();
      return files.end(endOf(fix), output);
    } catch (error) {
      if (signals.status === undefined) throw error;
      output.log('warn', 'interrupted; the same command goes on where this one was');
      return endLike(signals.status, signals);
    } finally {
      files.close();
      signals.release();
    }
  },
});

/** Asks on the terminal until somebody ends the answers (Ctrl-D), which leaves the others open; undefined where there is no terminal. */
function askerOn(output: Output, signals: Signals): Asker | undefined {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  let isOver = false;
  return async (question) => {
    if (isOver) return undefined;
    output.tell(questionText(question));
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    // Ctrl-C, which is a key like any other while a line is edited.
    terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    const prompt = `1-${question.answers.length}, or nothing to leave it open: `;
    try {
      for (;;) {
        const word = (await terminal.question(prompt, { signal: signals.signal })).trim();
        if (word === '') return undefined;
        const answer: Answer | undefined = question.answers[Number(word) - 1];
        if (answer !== undefined) return answer;
      }
    } catch (error) {
      const isEnd = error instanceof Error && error.name === 'AbortError' && !signals.signal.aborted;
      if (!isEnd) throw error;
      isOver = true;
      output.tell('');
      return undefined;
    } finally {
      terminal.close();
    }
  };
}

function questionText({ text, answers }: Question): string {
  return [`${text}?`, ...answers.map((answer, i) => `  ${i + 1}  ${answer.text}`)].join('\n');
}

/** Tells of each build in a line. */
function stepsOn(output: Output): (step: FixStep) => void {
  const { green, red, yellow, dim } = output.errorColors;
  const ends = { built: green('builds'), failed: red('fails'), impossible: yellow('cannot be built') };
  let count = 0;
  return ({ what, end, seconds, known }) => {
    const time = known ? 'known from before' : `${seconds} s`;
    output.tell(`${String(++count).padStart(3)}  ${what}: ${ends[end]} ${dim(`(${time})`)}`);
  };
}

/** What came of it, beside the patch. */
function tell({ target, repository, outcome, open, patch, limited, builds }: Fix, output: Output): void {
  const said = {
    done: patch === '' ? 'nothing is to be mended' : `the patch is for ${repository}`,
    own: 'the build fails with all that is installed as well: that failure is its own',
    unsteady: 'the same build fails one time and succeeds another; nothing can be proved',
    open: limited
      ? 'not all is known: there were to be no more builds (--builds, --build-time)'
      : 'not all is known',
  }[outcome];
  output.tell(`${target}: ${said}; ${counted(builds, 'build')}`);
  for (const one of open) output.tell(`left open: ${one}`);
}

function endOf({ outcome }: Fix): ExitStatus {
  if (outcome === 'done') return exitStatus.ok;
  return outcome === 'own' ? exitStatus.buildFailed : exitStatus.failure;
}
