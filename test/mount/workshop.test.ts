/** What can be done in `lvfs shell` at a terminal: ask and change the view, from inside, by whoever types there. */
import test from 'ava';
import { systemProblem } from '../../src/system/index.js';
import { onTerminal, whyNoTerminal } from '../helpers/terminal.js';

const reason = whyNoTerminal() ?? systemProblem()?.message;
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

const tool = { text: '#!/bin/sh\necho the tool runs\n', mode: 0o755 };
const system = {
  packages: {
    'dev-libs/hidden-1': { RDEPEND: 'dev-libs/deep', files: { '/opt/hidden/tool': tool } },
    'dev-libs/other-2': { files: { '/opt/other/other.h': 'other' } },
  },
};
const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin:/opt/hidden' };
const shell = (lvfs: string, with_: string): string => `${lvfs} shell ${with_} dev-libs/foo`;

mountTest(`a hidden command says so, and the person at the prompt may show it${skipped}`, async (t) => {
  const { status, shown } = await onTerminal(
    t,
    shell,
    async (terminal) => {
      await terminal.shows('(lvfs dev-libs/foo-1) ');
      terminal.type('tool\n');
      await terminal.shows('tool is hidden: dev-libs/hidden, lvfs allow hidden');
      terminal.type('lvfs allow hidden\n');
      await terminal.shows('+ dev-libs/hidden-1');
      terminal.type('tool\n');
      await terminal.shows('the tool runs');
      terminal.type('lvfs deny hidden\n');
      await terminal.shows('- dev-libs/hidden-1');
      terminal.type('exit 0\n');
    },
    system,
    environment,
  );
  t.is(status, 0, shown);
  t.regex(shown, /Allowed:[^]*dev-libs\/hidden/, 'leaving shows the report');
});
