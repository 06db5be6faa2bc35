/** `lvfs index`: the saved index of installed packages' files. */
import { exitStatus } from '../../base/index.js';
import type { IndexAction } from '../../daemon/index.js';
import { defineCommand, placeOptions } from '../command.js';
import { locations } from '../viewRequest.js';

const actions = ['build', 'check', 'rebuild'] as const satisfies readonly IndexAction[];

export const command = defineCommand({
  name: 'index',
  summary: 'the saved index of installed files',
  describe:
    'Brings the saved index of all installed packages’ files up to date (build, the default), tells whether it is (check), or makes it anew ' +
    '(rebuild). Other commands do the first by themselves; done ahead it makes the next one quick.',
  options: placeOptions,
  examples: [
    ['lvfs index', 'bring it up to date, after many packages were merged'],
    ['lvfs index check', 'status 1 when it is not up to date'],
  ],
  operands: [{ name: 'build|check|rebuild', is: 'other', optional: true, choices: actions }],
  async run({ operands, output, settings: load }) {
    const action = actions.find((one) => one === operands[0]) ?? 'build';
    const { indexHost } = await import('../../daemon/index.js');
    const settings = await load();
    const report = await indexHost(locations(settings), settings.cache, action, {
      log: output.log,
      progress: (text) => output.progress(text),
    });
    const current = report.origin === 'saved';
    if (output.json) output.printJson({ ...report, current });
    else {
      const how = { saved: 'up to date', updated: 'brought up to date', built: 'built' }[report.origin];
      const state = action === 'check' && !current ? 'not up to date' : how;
      output.print(
        `${report.file}: ${state}: ${report.packages} packages, ${report.nodes} paths (${report.milliseconds} ms)`,
      );
    }
    const failed = action === 'check' ? !current : report.bytes === null;
    return failed ? exitStatus.failure : exitStatus.ok;
  },
});
