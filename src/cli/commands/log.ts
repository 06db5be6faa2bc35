/** `lvfs log`: the denials of a mounted view. */
import { exitStatus } from '../../base/index.js';
import type { Denial } from '../../audit/index.js';
import { defineCommand } from '../command.js';
import { denialJson, printDenial } from '../denialText.js';
import { follow } from '../following.js';
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
    const { connect } = await import('../../daemon/index.js');
    const client = await connect(operands[0]!);
    const files = new OutputFiles();
    try {
      const file = files.lines(options.log, 'add');
      const show = (denial: Denial): void => {
        file?.write(denialJson(denial));
        printDenial(denial, output);
      };
      if (options.follow) {
        await follow(client, show);
      } else {
        const { denials } = await client.request('denials');
        for (const denial of denials) show(denial);
      }
      return files.end(exitStatus.ok, output);
    } finally {
      client.close();
      files.close();
    }
  },
});
