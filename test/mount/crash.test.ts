/** A serving thread that dies, or a bug outside of them: nobody waits for ever for its answers, and whoever depends on the view is told why it is gone. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { host, nothingLeft, withCommands } from '../helpers/commands.js';
import { whyNotMount } from '../helpers/inView.js';
import { finished, until } from '../helpers/lvfs.js';
import { testDriver } from '../helpers/withMemoryMount.js';

const reason =
  whyNotMount() ?? (testDriver().name === 'kernel' ? undefined : 'other drivers read requests otherwise');
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

const environment = {
  NODE_OPTIONS: `--import=${new URL('../helpers/crashHook.js', import.meta.url).href}`,
};

const isMounted = (path: string): boolean =>
  readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${path} `);

const crashes = [
  ['crash-by-throwing', 'serving thread 0 failed: as the test wants it'],
  ['crash-by-exit', 'serving thread 0 ended with status 77'],
] as const;

for (const [name, failure] of crashes) {
  mountTest(`${name}: the mount ends, and status says why${skipped}`, async (t) => {
    const f = await withCommands(t, {}, environment);
    const mountpoint = join(f.directory, 'mnt');
    mkdirSync(mountpoint);
    const mount = (): ReturnType<typeof f.lvfs> => f.lvfs('mount', '--no-binds', 'dev-libs/foo', mountpoint);
    t.is((await mount()).stderr, '');
    // In another process, so that this one cannot hang.
    const asked = spawnSync('ls', [join(mountpoint, name)], { encoding: 'utf8', timeout: 60_000 });
    t.is(asked.signal, null);
    t.regex(asked.stderr, /Transport endpoint is not connected|Software caused connection abort/);
    await until('the mount is gone', () => !isMounted(mountpoint));
    const status = async (): Promise<object[]> =>
      (JSON.parse((await f.lvfs('status', '--json')).stdout) as { mounts: object[] }).mounts;
    await until('the daemon is gone', async () => 'failure' in ((await status())[0] ?? {}));
    t.like((await status())[0], { mountpoint, state: 'failed', failure });
    t.regex((await f.lvfs('status', mountpoint)).stdout, new RegExp(failure));
    // What failed is no obstacle.
    t.is((await mount()).stderr, '');
    t.deepEqual(readdirSync(join(mountpoint, 'opt')), ['bar', 'zlib']);
    t.is((await f.lvfs('umount', mountpoint)).stderr, '');
    await nothingLeft(t, f);
  });

  mountTest(`${name}: a mount in the foreground ends with 1 and says why${skipped}`, async (t) => {
    const f = await withCommands(t, {}, environment);
    const mountpoint = join(f.directory, 'mnt');
    mkdirSync(mountpoint);
    const child = f.start('mount', '-f', '--no-binds', 'dev-libs/foo', mountpoint);
    const end = finished(child);
    await until('the view is mounted', () => isMounted(mountpoint), 60_000);
    spawnSync('ls', [join(mountpoint, name)], { timeout: 60_000 });
    const { status, stderr } = await end;
    t.is(stderr, `lvfs: error: ${mountpoint}: ${failure}\n`);
    t.is(status, 1);
    t.is((await f.lvfs('umount', mountpoint)).status, 0);
    await nothingLeft(t, f);
  });

  mountTest(`${name}: what runs in the view ends, and is not taken for an answer${skipped}`, async (t) => {
    const f = await withCommands(t, {}, environment);
    const run = (...command: string[]): ReturnType<typeof f.run> => f.run('sh', '-c', ...command);
    for (const command of [`cat /opt/${name}; sleep 1000`, `cat /opt/${name}; exit 0`]) {
      const { status, stderr } = await run(command);
      t.is(status, 125, stderr);
      t.true(stderr.endsWith(`lvfs: ${failure}\n`), stderr);
      await nothingLeft(t, f);
    }
    const built = await f.lvfs('build', ...host, '--command', `cat /opt/${name}`, 'dev-libs/foo');
    t.is(built.status, 1, built.stderr);
    t.true(built.stderr.endsWith(`lvfs: ${failure}\n`), built.stderr);
    await nothingLeft(t, f);
  });
}

mountTest(
  `a thread that dies while the session is announced: the mount ends all the same${skipped}`,
  async (t) => {
    const f = await withCommands(t, {}, { ...environment, TEST_CRASH: 'start' });
    const mountpoint = join(f.directory, 'mnt');
    mkdirSync(mountpoint);
    const { status, stderr } = await f.lvfs('mount', '-f', '--no-binds', 'dev-libs/foo', mountpoint);
    const [[, failure]] = crashes;
    t.is(stderr, `lvfs: error: ${mountpoint}: ${failure}\n`);
    t.is(status, 1);
    t.is((await f.lvfs('umount', mountpoint)).status, 0);
    await nothingLeft(t, f);
  },
);

mountTest(`a thread that dies while its view is covered is not waited for${skipped}`, async (t) => {
  const f = await withCommands(t, {}, { ...environment, TEST_CRASH: 'start' });
  const mountpoint = join(f.directory, 'mnt');
  mkdirSync(mountpoint);
  const { status, stderr } = await f.lvfs('mount', '-f', 'dev-libs/foo', mountpoint);
  t.regex(stderr, /^lvfs: .*cannot be mounted: /);
  t.is(status, 23);
  await nothingLeft(t, f);
});

mountTest(`a bug in a daemon ends it, and its view can be cleaned up${skipped}`, async (t) => {
  const f = await withCommands(t, {}, { ...environment, TEST_CRASH: 'bug' });
  const mountpoint = join(f.directory, 'mnt');
  mkdirSync(mountpoint);
  t.is((await f.lvfs('mount', '--no-binds', 'dev-libs/foo', mountpoint)).stderr, '');
  const status = async (): Promise<{ pid: number; state: string; log: string }> =>
    (JSON.parse((await f.lvfs('status', '--json')).stdout) as { mounts: [never] }).mounts[0];
  const { pid, log } = await status();
  process.kill(pid, 'SIGPWR');
  await until('the daemon is gone', async () => (await status()).state === 'stale', 60_000);
  t.regex(readFileSync(log, 'utf8'), /^lvfs: this is a bug in lvfs: Error: as the test wants it\n {4}at /m);
  t.is((await f.lvfs('umount', mountpoint)).stderr, '');
  await nothingLeft(t, f);
});

for (const pid of ['own', 'host']) {
  const title = `a bug in the process that serves a private view ends what runs in it with --pid=${pid}`;
  mountTest(`${title}${skipped}`, async (t) => {
    const f = await withCommands(t, {}, { ...environment, TEST_CRASH: 'bug' });
    const command = ['sh', '-c', 'echo; sleep 1000; true'];
    const child = f.start('run', ...host, `--pid=${pid}`, 'dev-libs/foo', '--', ...command);
    const end = finished(child);
    await once(child.stdout!, 'data');
    const [name = ''] = readdirSync(f.runtime);
    process.kill(Number(name.split('.')[0]), 'SIGPWR');
    const { status, stderr } = await end;
    t.is(status, 125, stderr);
    t.regex(stderr, /^lvfs: this is a bug in lvfs: Error: as the test wants it$/m);
    t.regex(stderr, /^lvfs: the process that served the view ended \(SIGKILL\)$/m);
    await nothingLeft(t, f);
  });
}

mountTest(`a server that is killed while it waits for its own view ends${skipped}`, async (t) => {
  const f = await withCommands(t, {}, { ...environment, TEST_CRASH: 'stuck' });
  const child = f.start('run', ...host, 'dev-libs/foo', '--', 'sh', '-c', 'echo; sleep 1000; true');
  const end = finished(child);
  await once(child.stdout!, 'data');
  const [name = ''] = readdirSync(f.runtime);
  process.kill(Number(name.split('.')[0]), 'SIGPWR');
  const { status, stderr } = await end;
  t.is(status, 125, stderr);
  t.regex(stderr, /^lvfs: the process that served the view ended \(SIGKILL\)$/m);
  await nothingLeft(t, f);
});
