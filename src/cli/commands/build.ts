/** `lvfs build`: builds in a view, and names what the ebuild forgot. */
import type { Denial } from '../../audit/index.js';
import { build, buildOptions, comparisonText, proofText, verdict } from '../building.js';
import { defineCommand } from '../command.js';
import { DenialFile } from '../denialFile.js';
import { endLike, Signals } from '../inside.js';
import { insideOptions, insideRequest } from '../insideOptions.js';
import { nextSteps, nextText } from '../nextSteps.js';
import { writeReportPage } from '../reportPage.js';
import { reportJson, reportText } from '../reportText.js';

export const command = defineCommand({
  usage: 'build <atom…>',
  describe:
    'Builds the targets with emerge --oneshot --buildpkgonly (or another command) in a private view that shows only what their ebuilds ' +
    'declare, then reports what they forgot. 29: the build failed; 30: it succeeded, but undeclared dependencies were found.',
  options: {
    ...insideOptions,
    ...buildOptions,
    log: { type: 'string', value: 'FILE', describe: 'Write the denials as JSON lines, as they happen' },
    html: { type: 'string', value: 'FILE', describe: 'Write the report as a self-contained page' },
  },
  examples: [
    ['lvfs build dev-libs/foo', 'does its ebuild declare all it needs?'],
    ["lvfs build --command './configure && make' dev-libs/foo", 'build a checkout by hand'],
    ['lvfs build --compare --html foo.html dev-libs/foo', 'also find what it uses only when it is there'],
  ],
  operands: [1, Number.POSITIVE_INFINITY],
  async run(invocation) {
    const { operands, options, output } = invocation;
    const settings = await invocation.settings();
    const log = options.log === undefined ? undefined : new DenialFile(options.log);
    const signals = new Signals();
    try {
      const request = await insideRequest(invocation, operands, { emerge: options.command === undefined });
      const plan = {
        command: options.command,
        compare: options.compare,
        prove: !options['no-prove'],
        proofTime: options['proof-time'],
        image: options.image,
        html: options.html !== undefined,
        show: !output.json && !options.quiet,
        ignore: settings.ignore,
        ...(log === undefined ? {} : { onDenial: (denial: Denial) => log.write(denial) }),
      };
      const outcome = await build(request, plan, output, signals);
      const { targets, status, seconds, report, proof, comparison, interrupted } = outcome;
      const next = nextSteps(outcome, operands, options);
      if (output.json) {
        output.printJson({
          targets,
          status,
          seconds,
          ...reportJson(report),
          ...(interrupted ? { interrupted } : {}),
          ...(proof === undefined ? {} : { proof }),
          ...(comparison === undefined ? {} : { comparison }),
          ...(next === undefined ? {} : { next }),
        });
      } else {
        const { green, red } = output.colors;
        const failed = interrupted ? 'the build was interrupted' : `the build failed with status ${status}`;
        const ended = status === 0 ? green('built') : red(failed);
        output.print(`\n${targets.join(' ')}: ${ended} in ${seconds} s\n\n${reportText(report, output)}`);
        if (proof !== undefined) output.print(`\n${proofText(proof, output)}`);
        if (comparison !== undefined) output.print(`\n${comparisonText(comparison, output)}`);
        if (next !== undefined) output.print(`\n${nextText(next, output)}`);
      }
      // A page that cannot be written costs nobody the report.
      if (options.html !== undefined) writeReportPage(options.html, outcome.html ?? '');
      log?.check();
      if (signals.status !== undefined) return endLike(signals.status, signals);
      return verdict(outcome);
    } catch (error) {
      if (signals.status !== undefined) return endLike(signals.status, signals);
      throw error;
    } finally {
      log?.close();
      signals.release();
    }
  },
});
