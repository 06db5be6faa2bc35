/** `lvfs build`: builds in a view, and names what the ebuild forgot. */
import type { Denial } from '../../audit/index.js';
import { verdict, type BuildOutcome } from '../../library/index.js';
import { endOfOutput, outcomeJson } from '../buildOutput.js';
import { defineCommand } from '../command.js';
import { denialJson } from '../denialText.js';
import { endLike, Signals } from '../inside.js';
import { insideOptions, privateOptions } from '../insideOptions.js';
import { nextSteps, nextText } from '../nextSteps.js';
import type { Output } from '../output.js';
import { OutputFiles } from '../outputFiles.js';
import { PastedFiles, pastedOptions } from '../pastedFiles.js';
import { buildOptions, buildSettings, comparisonText, proofText } from '../proofText.js';
import { reportText } from '../reportText.js';
import { displayText, targetNames } from '../text.js';
import { system } from '../viewRequest.js';

export const command = defineCommand({
  name: 'build',
  summary: 'build, and name what the ebuild forgot',
  describe:
    'Builds the targets with emerge --oneshot --buildpkgonly (or another command) in a private view that shows only what their ebuilds ' +
    'declare, then reports what they forgot. 29: the build failed; 30: it succeeded, but undeclared dependencies were found.',
  options: {
    ...insideOptions,
    ...buildOptions,
    log: { type: 'string', value: 'FILE', describe: 'Write the denials as JSON lines, as they happen' },
    html: { type: 'string', value: 'FILE', describe: 'Write the report as a self-contained page' },
    ...pastedOptions,
  },
  examples: [
    ['lvfs build dev-libs/foo', 'does its ebuild declare all it needs?'],
    ["lvfs build --command './configure && make' dev-libs/foo", 'build a checkout by hand'],
    ['lvfs build --compare --html foo.html dev-libs/foo', 'also find what it uses only when it is there'],
  ],
  operands: [{ name: 'atom…', is: 'target', optional: true }],
  ebuildDirectory: true,
  async run(invocation) {
    const { operands, options, output } = invocation;
    const settings = await invocation.settings();
    const files = new OutputFiles();
    const signals = new Signals();
    try {
      const html = files.result(options.html);
      const pasted = new PastedFiles(files, options);
      const log = files.lines(options.log);
      const show = !output.json && !options.quiet;
      const outcome = await system(settings, output).build(operands, {
        ...privateOptions(settings, options),
        ...buildSettings(settings, options),
        html: html !== undefined,
        echo: show && output.colors.isColorSupported ? 'color' : show,
        ...(log === undefined ? {} : { onDenial: (denial: Denial) => log.write(denialJson(denial)) }),
        signal: signals.signal,
        passTo: signals.passTo,
      });
      html?.write(outcome.html ?? '');
      const { targets, status, report } = outcome;
      await pasted.write(report, { targets, status, version: invocation.version() });
      const next = nextSteps(outcome, operands, options);
      if (output.json) {
        output.printJson({
          ...outcomeJson(outcome, invocation.version()),
          ...(next === undefined ? {} : { next }),
        });
      } else {
        print(outcome, show, output);
        if (next !== undefined) output.print(`\n${nextText(next, output)}`);
      }
      const end = files.end(verdict(outcome), output);
      return signals.status === undefined ? end : endLike(signals.status, signals);
    } catch (error) {
      files.close();
      if (signals.status !== undefined) return endLike(signals.status, signals);
      throw error;
    } finally {
      files.close();
      signals.release();
    }
  },
});

/** Lines of a build's output that are shown when it failed unseen. */
const shownLines = 20;

function print(outcome: BuildOutcome, wasShown: boolean, output: Output): void {
  const { targets, status, seconds, report, proof, comparison, logs, interrupted } = outcome;
  const { dim, green, red } = output.colors;
  if (status !== 0 && !wasShown) {
    const lines = endOfOutput(outcome, shownLines * 200)
      .trimEnd()
      .split('\n');
    output.print(lines.slice(-shownLines).join('\n'));
  }
  const failed = interrupted ? 'the build was interrupted' : `the build failed with status ${status}`;
  const ended = status === 0 ? green('built') : red(failed);
  const left = logs.map((log) => dim(`its log is ${displayText(log)}\n`)).join('');
  output.print(`\n${targetNames(targets)}: ${ended} in ${seconds} s\n${left}\n${reportText(report, output)}`);
  if (proof !== undefined) output.print(`\n${proofText(proof, output)}`);
  if (comparison !== undefined) output.print(`\n${comparisonText(comparison, output)}`);
}
