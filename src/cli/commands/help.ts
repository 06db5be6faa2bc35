/** `lvfs help`: the whole help of a verb, or of lvfs. */
import { exitStatus } from '../../base/index.js';
import { defineCommand } from '../command.js';
import { generalHelp, verbHelp } from '../help.js';

export const command = defineCommand({
  name: 'help',
  summary: 'what a command does, and its options',
  describe: 'Prints the help of a command, as its --help does; without one, that of lvfs.',
  options: {},
  examples: [['lvfs help build', 'the same as lvfs build --help']],
  operands: [{ name: 'command', is: 'verb', optional: true }],
  async run({ operands, output }) {
    const { loadVerb, loadVerbs } = await import('../verbs.js');
    const [name] = operands;
    output.print(
      name === undefined
        ? generalHelp(await loadVerbs(), 'whole', output.width)
        : await verbHelp(await loadVerb(name), 'whole', output.width),
    );
    return exitStatus.ok;
  },
});
