/** `lvfs log`: the denials of a mounted view. */
import { exitStatus } from '../../base/index.js';
import type { Denial } from '../../audit/index.js';
import { defineCommand } from '../command.js';
import { denialJson, printDenial } from '../denialText.js';
import { OutputFiles } from '../outputFiles.js';

export const command = defineCommand({
  name: 'log',
  summary: 'what was looked for in vain',
  describe:
    'Prints the denials of a mounted view: every hidden path that exists on the host and was looked for, with who looked. Repeated ones ' +
    'are printed once. With --json one object a line.',
  options: {
    follow: { type: 'boolean', alias: 'f', describe: 'Go on until the view is unmounted or you interrupt' },
    log: { type: 'string', value: 'FILE', describe: 'Also write them to a file as JSON lines' },
  },
  examples: [
    ['lvfs log /var/tmp/lvroot', 'what was denied so far'],
    ['lvfs log -f --json /var/tmp/lvroot', 'as it happens, for a program'],
  ],
  operands: [{ name: 'mountpoint', is: 'view' }],
  async run({ operands, options, output }) {
    const { openView } = await import('../../library/index.js');
    using view = await openView(operands[0]!);
    using files = new OutputFiles();
    const file = files.lines(options.log, 'add');
    const show = (denial: Denial): void => {
      file?.write(denialJson(denial));
      printDenial(denial, output);
    };
    if (options.follow) {
      await view.follow(show);
    } else {
      for (const denial of await view.denials()) show(denial);
    }
    return files.end(exitStatus.ok, output);
  },
});
