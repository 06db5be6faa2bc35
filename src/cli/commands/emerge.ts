/** `lvfs emerge`: real emerge, with the src_* phases of each ebuild in a view. */
import { defineCommand } from '../command.js';
import { emergeOptions, runPortage } from '../emerging.js';
import { changeHabit } from '../emergeHabit.js';

export const command = defineCommand({
  name: 'emerge',
  summary: 'emerge, with each build in a view',
  describe:
    'Runs emerge(1) with all its arguments on the real root; the src_* phases of each ebuild run in a view of that package. What is not ' +
    "declared is said in the build's log, and in a report below /var/log/lvfs. Ends with the exit status of emerge. See docs/emerge.md.",
  options: emergeOptions,
  examples: [
    ['lvfs emerge -1 dev-libs/foo', 'build it in a view, and merge it'],
    ['lvfs emerge --lvfs-mode=report -uDN @world', 'only note what is not declared'],
    ['lvfs emerge --install', 'have emerge mean that from now on'],
  ],
  operands: [{ name: 'argument…', is: 'target', optional: true }],
  passesOn: true,
  run(invocation) {
    const [only, ...more] = invocation.operands;
    const isHabit = more.length === 0 && (only === '--install' || only === '--uninstall');
    return isHabit ? changeHabit(only === '--install', invocation.output) : runPortage('emerge', invocation);
  },
});
