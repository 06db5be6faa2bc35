/** `lvfs retarget`: makes a mounted view that of other targets. */
import { exitStatus } from '../../base/index.js';
import { defineCommand } from '../command.js';
import { targetNames } from '../text.js';

export const command = defineCommand({
  name: 'retarget',
  summary: 'make a mounted view that of another package',
  describe:
    'Makes a mounted view that of other targets, at once, with the options that it was mounted with. It is as if it had just been mounted ' +
    'for them: what was allowed and denied is undone, and its log and report begin anew. What is used of @system stays in memory.',
  options: {},
  examples: [
    ['lvfs retarget /var/tmp/lvroot dev-libs/bar', 'go on with the next package in the same chroot'],
  ],
  operands: [
    { name: 'mountpoint', is: 'view' },
    { name: 'atom…', is: 'target' },
  ],
  async run({ operands, output }) {
    const { openView } = await import('../../library/index.js');
    const [mountpoint = '', ...targets] = operands;
    using view = await openView(mountpoint);
    const result = await view.retarget(targets);
    if (output.json) {
      const { targets: resolved, shown, hidden } = result;
      output.printJson({ targets: resolved, shown, hidden });
      return exitStatus.ok;
    }
    const { green, red } = output.colors;
    const counts = `${green(`+${result.shown.length}`)} ${red(`-${result.hidden.length}`)} packages`;
    output.print(`${targetNames(result.targets)}: ${counts}`);
    return exitStatus.ok;
  },
});
