/** What somebody still has of a package after it was hidden from him: what the kernel has read for him of files that he has open. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { systemProblem } from '../../src/system/index.js';
import { withCommands } from '../helpers/commands.js';
import { finished } from '../helpers/lvfs.js';
import { mountTest, skipped } from '../helpers/views.js';
import { testDriver } from '../helpers/withMemoryMount.js';

const problem =
  systemProblem()?.message ??
  (testDriver().capabilities.invalidation ? undefined : 'needs to take back what was told');
const title = problem === undefined ? skipped : ` (skipped: ${problem})`;
const staleUser = fileURLToPath(new URL('../helpers/staleUser.js', import.meta.url));

(problem === undefined ? mountTest : test.skip)(
  `after deny nothing can be had that the kernel has not read, whatever is open${title}`,
  async (t) => {
    const content = 'x'.repeat(2 << 20);
    const files = { '/opt/bar/read': content, '/opt/bar/unread': content, '/opt/bar/sub/below': 'x' };
    const f = await withCommands(t, { packages: { 'dev-libs/bar-1': { files } } });
    const mountpoint = join(f.directory, 'mnt');
    mkdirSync(mountpoint);
    const mounted = await f.lvfs('mount', '--no-binds', 'dev-libs/foo', mountpoint);
    t.is(mounted.status, 0, mounted.stderr);
    const user = spawn(process.execPath, [staleUser, join(mountpoint, 'opt/bar')], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    t.teardown(() => user.kill('SIGKILL'));
    const end = finished(user);
    await once(user.stdout, 'data');
    t.is((await f.lvfs('deny', mountpoint, 'dev-libs/bar')).status, 0);
    user.stdin.end('now\n');
    const { status, stdout, stderr } = await end;
    t.is(status, 0, stderr);
    const got = JSON.parse(stdout.replace('ready\n', '')) as Record<string, unknown>;
    t.true(Object.keys(got).length >= 13);
    // Only these may be had from the kernel's memory, and need not be.
    const kept = new Set([
      'a file that was read',
      'a mapped file that was read',
      'attributes of an open file',
    ]);
    for (const [name, what] of Object.entries(got))
      if (!kept.has(name)) t.regex(String(what), /^(?:ENOENT|ESTALE|EIO)$/, name);
    t.is((await f.lvfs('umount', mountpoint)).status, 0);
  },
);
