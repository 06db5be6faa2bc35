/** Habits of tools, and their rules switched off. */
import test from 'ava';
import type { Report } from '../../src/audit/index.js';
import { host, withCommands } from '../helpers/commands.js';
import { whyNotMount } from '../helpers/inView.js';
import { testDriver } from '../helpers/withMemoryMount.js';

const reason =
  whyNotMount() ?? (testDriver().capabilities.callers ? undefined : 'the driver does not tell who asks');
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

mountTest(`a habit is no finding, unless its rule is switched off${skipped}`, async (t) => {
  const program = (text: string) => ({ text: `#!/bin/sh\n${text}\n`, mode: 0o755 });
  const path = '/opt/tools/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const f = await withCommands(
    t,
    {
      packages: {
        'dev-libs/bar-1': {
          files: { '/opt/tools/bin/meson': program('command -v dpkg-architecture; exit 0') },
        },
        'app-arch/dpkg-1': { files: { '/opt/tools/bin/dpkg-architecture': program('') } },
      },
    },
    { PATH: path },
  );
  const build = async (): Promise<Report> => {
    const words = ['build', '--json', ...host, '--command', 'meson setup', 'dev-libs/foo'];
    const { stdout, stderr } = await f.lvfs(...words);
    t.not(stdout, '', stderr);
    return JSON.parse(stdout) as Report;
  };
  const usual = await build();
  t.deepEqual(usual.missing, []);
  t.like(usual.dismissed, [
    { cpv: 'app-arch/dpkg-1', reason: 'meson looks for it by itself in each project' },
  ]);
  f.environment['LVFS_HABITS_OFF'] = 'meson';
  const without = await build();
  t.like(without.missing, [{ cpv: 'app-arch/dpkg-1', certainty: 'probed' }]);
  t.deepEqual(without.dismissed, []);
});
