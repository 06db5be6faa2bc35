/** `lvfs report`: what the work in a mounted view says about the ebuild's dependencies. */
import { errorCode, exitStatus, LvfsError, readEnd } from '../../base/index.js';
import { defineCommand } from '../command.js';
import { OutputFiles } from '../outputFiles.js';
import { PastedFiles, pastedOptions } from '../pastedFiles.js';
import { isIncomplete } from '../../library/index.js';
import { reportJson, reportText } from '../reportText.js';
import { targetNames } from '../text.js';

export const command = defineCommand({
  name: 'report',
  summary: 'what that says about the dependencies',
  describe:
    'Says what builds in a mounted view looked for in vain, what they used although only other packages brought it in, and what is declared ' +
    'but was not used, with lines for the ebuild. Counts are lower bounds: the kernel remembers answers. A running `lvfs run` or ' +
    '`shell` is named by its process id.',
  options: {
    strict: { type: 'boolean', describe: 'End with status 30 when undeclared dependencies were found' },
    html: { type: 'string', value: 'FILE', describe: 'Write the report as a self-contained page' },
    ...pastedOptions,
    why: {
      type: 'string',
      value: 'PACKAGE',
      describe: 'Say only why this package stands in the report, and where, or why it does not',
    },
    'build-log': {
      type: 'string',
      value: 'FILE',
      describe: "Also look at what the build's tools said, in this file",
    },
  },
  examples: [
    ['lvfs report /var/tmp/lvroot', 'what the ebuild forgot'],
    ['lvfs report --why sys-devel/m4 /var/tmp/lvroot', 'why a package is in it, or is not'],
    ['lvfs report --strict --html report.html /var/tmp/lvroot', 'for a CI job'],
  ],
  operands: [{ name: 'mountpoint', is: 'view' }],
  async run({ operands, options, output, settings, version }) {
    const { openView } = await import('../../library/index.js');
    const { ignore, habitsOff } = await settings();
    const log = options['build-log'];
    using files = new OutputFiles();
    using view = await openView(operands[0]!);
    const page = files.result(options.html);
    const pasted = new PastedFiles(files, options);
    const { mountpoint, targets, since, state } = await view.status();
    const { report, html } = await view.report({
      ignore,
      habitsOff,
      html: page !== undefined,
      ...(log === undefined ? {} : { log: readBuildLog(log) }),
    });
    page?.write(html ?? '');
    await pasted.write(report, { targets, status: null, version: version() });
    const { why } = options;
    if (why !== undefined) {
      const { whyInReport } = await import('../../audit/index.js');
      const sentences = whyInReport(report, why);
      if (output.json) output.printJson({ mountpoint, targets, package: why, why: sentences });
      else if (sentences.length > 0) output.print(sentences.join('\n'));
      else output.print(`${why}: nobody looked for it, and it was not used.`);
      return files.end(exitStatus.ok, output);
    }
    const ended = new Date().toISOString();
    if (output.json) {
      output.printJson({
        version: version(),
        mountpoint,
        targets,
        state,
        // What was done in the view, and how it ended, only those know who did it.
        status: null,
        started: since,
        ended,
        ...reportJson(report),
      });
    } else {
      output.print(`${output.colors.bold(targetNames(targets))}\n\n${reportText(report, output)}`);
    }
    const isBad = options.strict && isIncomplete(report);
    return files.end(isBad ? exitStatus.undeclared : exitStatus.ok, output);
  },
});

/** As much of a build's log as a report looks at, in bytes; the end tells most. A request to a daemon must hold it. */
const largestLog = 512 << 10;

/**
 * The end of a build's log.
 *
 * @throws LvfsError CANNOT_READ (exit 1)
 */
function readBuildLog(file: string): string {
  try {
    return readEnd(file, largestLog).toString('utf8');
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    throw new LvfsError('CANNOT_READ', `${file}: cannot be read`, { cause: error });
  }
}
