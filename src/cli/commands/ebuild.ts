/** `lvfs ebuild`: Portage's ebuild(1), with the src_* phases in a view. */
import { defineCommand } from '../command.js';
import { emergeOptions, runPortage } from '../emerging.js';

export const command = defineCommand({
  name: 'ebuild',
  summary: 'ebuild, with its build phases in a view',
  describe:
    'Runs ebuild(1) with all its arguments; what it builds is built in a view of that package, as with lvfs emerge. Ends with the exit status ' +
    'of ebuild.',
  options: emergeOptions,
  examples: [['lvfs ebuild foo-1.2.ebuild clean install', 'build it without merging it']],
  operands: [{ name: 'argument…', is: 'file' }],
  passesOn: true,
  run: (invocation) => runPortage('ebuild', invocation),
});
