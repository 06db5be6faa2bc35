/** The example that speaks the control protocol in Python. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { nothingLeft, withCommands } from '../helpers/commands.js';
import { whyNotMount } from '../helpers/inView.js';
import { testDriver } from '../helpers/withMemoryMount.js';

const python = spawnSync('python3', ['--version']).error === undefined;
const reason = whyNotMount() ?? (python ? undefined : 'python3 is not installed');
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;
const example = fileURLToPath(new URL('../../../examples/control.py', import.meta.url));

mountTest(`Python asks a mounted view what it was asked for in vain${skipped}`, async (t) => {
  const f = await withCommands(t, {
    packages: {
      'dev-libs/bar-1': { files: { '/usr/include/bar.h': 'bar' } },
      'dev-libs/header-1': { files: { '/usr/include/header.h': 'x' } },
    },
  });
  const mountpoint = join(f.directory, 'view');
  mkdirSync(mountpoint);
  t.is((await f.lvfs('mount', '--no-binds', 'dev-libs/foo', mountpoint)).status, 0);
  try {
    t.not(spawnSync('cat', [join(mountpoint, 'usr/include/header.h')]).status, 0);
    const run = (place: string) =>
      spawnSync('python3', [example, place], { env: f.environment, encoding: 'utf8' });
    const { stdout, stderr, status } = run(mountpoint);
    t.is(status, 0, stderr);
    t.deepEqual(stdout.trimEnd().split('\n'), [
      `${testDriver().name === 'kernel' ? 'cat' : 'somebody'} looked for /usr/include/header.h of dev-libs/header-1`,
      'DEPEND="dev-libs/header"',
    ]);
    t.regex(run(f.directory).stderr, /no view of lvfs is mounted there/);
  } finally {
    t.is((await f.lvfs('umount', mountpoint)).status, 0);
  }
  await nothingLeft(t, f);
});
