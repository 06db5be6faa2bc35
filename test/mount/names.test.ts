/** Mounted views as people name them and as they are shown to them. */
import { spawn } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { host, nothingLeft, withCommands as fixture } from '../helpers/commands.js';
import { whyNotMount } from '../helpers/inView.js';
import { finished, program } from '../helpers/lvfs.js';

const reason = whyNotMount();
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

mountTest(`a mount point with any name is shown on one line, in its columns${skipped}`, async (t) => {
  const f = await fixture(t);
  const strange = join(f.directory, 'new\nline 大きい');
  mkdirSync(strange);
  const told = await f.lvfs('mount', '--no-binds', 'dev-libs/foo', strange);
  t.regex(told.stdout, /\/new\\x0aline 大きい: dev-libs\/foo-1 \(2 packages, \d+ paths\)\n$/);
  t.false(statSync(join(strange, 'opt')).isFile());
  const { stdout } = await f.lvfs('status');
  const lines = stdout.split('\n').slice(0, -1);
  t.is(lines.length, 2, stdout);
  t.regex(String(lines[1]), /\/new\\x0aline 大きい {2}serving/);
  // Three characters take two columns each.
  t.is(String(lines[0]).indexOf('state'), String(lines[1]).indexOf('serving') + 3);
  const details = (await f.lvfs('status', strange)).stdout;
  t.regex(details, /^mountpoint {3}\S.*\\x0aline 大きい$/m);
  t.regex(details, /^since {8}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d$/m);
  t.is((await f.lvfs('umount', strange)).stderr, '');
  await nothingLeft(t, f);
});

mountTest(`the log tells the time of the place, with its zone${skipped}`, async (t) => {
  const f = await fixture(t, {}, { TZ: 'Asia/Kolkata' });
  const mountpoint = join(f.directory, 'mnt');
  mkdirSync(mountpoint);
  await f.lvfs('mount', '--no-binds', 'dev-libs/foo', mountpoint);
  statSync(join(mountpoint, 'opt/hidden'), { throwIfNoEntry: false });
  const { stdout } = await f.lvfs('log', mountpoint);
  t.regex(stdout, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+05:30 \w+ +\/opt\/hidden \(dev-libs\/hidden-1\)/);
  const shown = new Date(stdout.slice(0, 25).replace(' ', 'T')).getTime();
  const { time } = JSON.parse((await f.lvfs('log', '--json', mountpoint)).stdout) as { time: string };
  t.is(shown, Math.floor(Date.parse(time) / 1000) * 1000);
  t.is((await f.lvfs('umount', mountpoint)).stderr, '');
});

mountTest(`a mount point can be named without a slash${skipped}`, async (t) => {
  const f = await fixture(t);
  const mountpoint = join(f.directory, 'm');
  mkdirSync(mountpoint);
  mkdirSync(join(f.directory, 'dev-libs'));
  t.is((await f.lvfs('mount', ...host, 'dev-libs/foo', mountpoint)).status, 0);
  const shell = (...args: string[]) =>
    finished(spawn(process.execPath, [program, 'shell', ...args], { cwd: f.directory, env: f.environment }));
  t.like(await shell('m', '--', '-c', 'ls /opt; exit 4'), { status: 4, stdout: 'bar\nzlib\n' });
  t.regex((await shell('dev-libs', '--', '-c', ':')).stderr, /no repository has a package 'dev-libs'/);
  t.is((await f.lvfs('umount', mountpoint)).stderr, '');
  await nothingLeft(t, f);
});

mountTest(`umount of several is one JSON object, whatever becomes of each${skipped}`, async (t) => {
  const f = await fixture(t);
  const mountpoint = join(f.directory, 'mnt');
  mkdirSync(mountpoint);
  t.is((await f.lvfs('mount', '--no-binds', 'dev-libs/foo', mountpoint)).status, 0);
  const { status, stdout, stderr } = await f.lvfs('umount', '--json', '/no/such', mountpoint, '/none');
  t.is(status, 24);
  const answer = JSON.parse(stdout) as { unmounted: string[]; failed: { mountpoint: string }[] };
  t.deepEqual(answer.unmounted, [mountpoint]);
  t.like(answer.failed, [
    { mountpoint: '/no/such', error: { code: 'NOT_MOUNTED', exitStatus: 24 } },
    { mountpoint: '/none' },
  ] as never);
  t.regex(stderr, /^lvfs: \/no\/such: no view is mounted there\nhint: .*\nlvfs: \/none: /);
  await nothingLeft(t, f);
});
