/** `lvfs report`: what the work in a mounted view says about the ebuild's dependencies. */
import { exitStatus } from '../../base/index.js';
import type { ReportResult } from '../../daemon/index.js';
import { defineCommand } from '../command.js';
import { writeReportPage } from '../reportPage.js';
import { isIncomplete, reportJson, reportText } from '../reportText.js';

export const command = defineCommand({
  usage: 'report <mountpoint>',
  describe:
    'Says what builds in a mounted view looked for in vain, what they used although only other packages brought it in, and what is declared ' +
    'but was not used, with lines for the ebuild. Counts are lower bounds: the kernel remembers answers. A running `lvfs run` or ' +
    '`shell` is named by its process id.',
  options: {
    strict: { type: 'boolean', describe: 'End with status 30 when undeclared dependencies were found' },
    html: { type: 'string', value: 'FILE', describe: 'Write the report as a self-contained page' },
    'build-log': {
      type: 'string',
      value: 'FILE',
      describe: "Also look at what the build's tools said, in this file",
    },
  },
  examples: [
    ['lvfs report /var/tmp/lvroot', 'what the ebuild forgot'],
    ['lvfs report --strict --html report.html /var/tmp/lvroot', 'for a CI job'],
  ],
  operands: [1, 1],
  async run({ operands, options, output, settings }) {
    const { connect } = await import('../../daemon/index.js');
    const { ignore } = await settings();
    const log = options['build-log'];
    const client = await connect(operands[0] as string);
    try {
      const { report, html } = (await client.request('report', {
        ignore,
        html: options.html !== undefined,
        ...(log === undefined ? {} : { log: await readLog(log) }),
      })) as ReportResult;
      if (options.html !== undefined && html !== undefined) writeReportPage(options.html, html);
      if (output.json) output.printJson(reportJson(report));
      else output.print(reportText(report, output));
      return options.strict && isIncomplete(report) ? exitStatus.undeclared : exitStatus.ok;
    } finally {
      client.close();
    }
  },
});

async function readLog(file: string): Promise<string> {
  const { readBuildLog } = await import('../reportPage.js');
  return readBuildLog(file);
}
