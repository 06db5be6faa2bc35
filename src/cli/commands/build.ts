/** `lvfs build`: builds in a view, and names what the ebuild forgot. */
import type { Denial } from '../../audit/index.js';
import { build, buildOptions, comparisonText, verdict } from '../building.js';
import { defineCommand } from '../command.js';
import { DenialFile } from '../denialFile.js';
import { endLike, Signals } from '../inside.js';
import { insideOptions, insideRequest } from '../insideOptions.js';
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
  ebuildDirectory: true,
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
        image: options.image,
        html: options.html !== undefined,
        show: !output.json && !options.quiet,
        ignore: settings.ignore,
        ...(log === undefined ? {} : { onDenial: (denial: Denial) => log.write(denial) }),
      };
      const outcome = await build(request, plan, output, signals);
      const { targets, status, seconds, report, comparison } = outcome;
      if (output.json) {
        output.printJson({
          targets,
          status,
          seconds,
          ...reportJson(report),
          ...(comparison === undefined ? {} : { comparison }),
        });
      } else {
        const { green, red } = output.colors;
        const ended = status === 0 ? green('built') : red(`the build failed with status ${status}`);
        output.print(`\n${targets.join(' ')}: ${ended} in ${seconds} s\n\n${reportText(report, output)}`);
        if (comparison !== undefined) output.print(`\n${comparisonText(comparison, output)}`);
      }
      // A page that cannot be written costs nobody the report.
      if (options.html !== undefined) writeReportPage(options.html, outcome.html ?? '');
      log?.check();
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
