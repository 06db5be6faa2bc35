/** A machine that is short of something: one clear line, the right status, and nothing left behind. */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { host, nothingLeft, withCommands, type Commands } from '../helpers/commands.js';
import { finished, program, type Result } from '../helpers/lvfs.js';
import { memoryGroup } from '../helpers/memoryGroup.js';
import { mountTest, skipped } from '../helpers/views.js';

/** One line that says what is wrong, one that says what to do, and no place in a program. */
function isClear(t: ExecutionContext, { stderr }: Result): void {
  t.regex(stderr, /^lvfs: .+\n(hint: .+\n)?$/);
  t.notRegex(stderr, /\n {4}at |bug in lvfs|internal error/);
}

async function system(t: ExecutionContext): Promise<Commands & { mountpoint: string }> {
  const f = await withCommands(t);
  const mountpoint = join(f.directory, 'mnt');
  mkdirSync(mountpoint);
  return { ...f, mountpoint };
}

/** Has a shell do something before it becomes lvfs. */
function after(f: Commands, first: string, ...args: string[]): Promise<Result> {
  const shell = spawn('sh', ['-c', `${first}; exec "$@"`, 'sh', process.execPath, program, ...args], {
    env: f.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 120_000,
  });
  return finished(shell);
}

for (const limit of [24, 40, 63]) {
  test(`a process that may open ${limit} files`, async (t) => {
    const f = await system(t);
    for (const [status, ...args] of [
      [1, 'mount', 'dev-libs/foo', f.mountpoint],
      [125, 'run', ...host, 'dev-libs/foo', '--', 'true'],
      [1, 'deps', 'dev-libs/foo'],
    ] as const) {
      const result = await after(f, `ulimit -n ${limit}`, ...args);
      t.is(result.status, status);
      isClear(t, result);
      t.regex(result.stderr, new RegExp(`only ${limit} files may be open`));
    }
    await nothingLeft(t, f);
  });
}

mountTest(`a process that may open as many files as lvfs says it needs${skipped}`, async (t) => {
  const f = await system(t);
  const mounted = await after(f, 'ulimit -n 64', 'mount', '--no-binds', 'dev-libs/foo', f.mountpoint);
  t.is(mounted.status, 0, mounted.stderr);
  t.deepEqual(readdirSync(join(f.mountpoint, 'opt')), ['bar', 'zlib']);
  t.is((await f.lvfs('umount', f.mountpoint)).status, 0);
  const run = await after(f, 'ulimit -n 64', 'run', ...host, 'dev-libs/foo', '--', 'ls', '/opt');
  t.is(run.stdout, 'bar\nzlib\n', run.stderr);
  await nothingLeft(t, f);
});

for (let inodes = 2; inodes <= 8; inodes++) {
  mountTest(`the registry has room for ${inodes} names${skipped}`, async (t) => {
    const f = await system(t);
    mkdirSync(f.runtime);
    t.is(
      spawnSync('mount', ['-t', 'tmpfs', '-o', `nr_inodes=${inodes},mode=700`, 'none', f.runtime]).status,
      0,
    );
    try {
      const mounted = await f.lvfs('mount', '--no-binds', 'dev-libs/foo', f.mountpoint);
      if (mounted.status === 0) t.is((await f.lvfs('umount', f.mountpoint)).status, 0);
      else {
        t.is(mounted.status, 23, mounted.stderr);
        isClear(t, mounted);
      }
      t.deepEqual(readdirSync(f.runtime), []);
      const run = await f.run('true');
      t.true(run.status === 0 || run.status === 125, run.stderr);
      if (run.status !== 0) isClear(t, run);
      t.deepEqual(readdirSync(f.runtime), []);
    } finally {
      spawnSync('umount', [f.runtime]);
    }
    await nothingLeft(t, f);
  });
}

mountTest(`no room for what is saved, noted and reported${skipped}`, async (t) => {
  const f = await system(t);
  const full = join(f.directory, 'full');
  mkdirSync(full);
  t.is(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4k,mode=700', 'none', full]).status, 0);
  try {
    writeFileSync(join(full, 'file'), Buffer.alloc(4096));
    f.environment['LVFS_CACHE'] = join(full, 'cache');
    // What is saved only makes the next start quicker.
    const mounted = await f.lvfs('mount', '--no-binds', 'dev-libs/foo', f.mountpoint);
    t.is(mounted.status, 0, mounted.stderr);
    t.deepEqual(readdirSync(join(f.mountpoint, 'opt')), ['bar', 'zlib']);
    t.is((await f.lvfs('umount', f.mountpoint)).status, 0);
    const command = ['--command', 'cat /opt/bar/bar.h; cat /opt/hidden/tool; true'];
    for (const [verb, ...options] of [
      ['build', '--html', join(full, 'report.html')],
      ['build', '--log', join(full, 'log')],
      ['check', '--results', join(full, 'results')],
      ['check', '--junit', join(full, 'junit.xml')],
    ] as const) {
      const result = await f.lvfs(verb, ...host, ...options, ...command, 'dev-libs/foo');
      // What was found all the same is what counts.
      t.true(
        [1, 30].includes(result.status ?? -1),
        `${options.join(' ')}: ${result.status} ${result.stderr}`,
      );
      t.regex(result.stderr, /ENOSPC|no space left/i);
      t.notRegex(result.stderr, /\n {4}at |bug in lvfs|internal error/);
    }
  } finally {
    spawnSync('umount', [full]);
  }
  await nothingLeft(t, f);
});

mountTest(`an answer that cannot be written: no view is left${skipped}`, async (t) => {
  const f = await system(t);
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, [program, 'mount', '--no-binds', 'dev-libs/foo', f.mountpoint], {
    env: f.environment,
    stdio: ['ignore', full, 'pipe'],
  });
  closeSync(full);
  const result = await finished(child);
  t.is(result.status, 1);
  isClear(t, result);
  t.regex(result.stderr, /cannot write to standard output: ENOSPC/);
  await nothingLeft(t, f);
});

/** All that is to be found in the view; undefined when a walk does not end. */
function walk(mountpoint: string): string | undefined {
  const { stdout, signal } = spawnSync(
    'sh',
    ['-c', 'cd "$0" && find opt -type f | sort; cat opt/bar/bar.h', mountpoint],
    {
      encoding: 'utf8',
      timeout: 60_000,
    },
  );
  return signal === null ? stdout : undefined;
}

const whole = 'opt/bar/bar.h\nopt/zlib/zlib.h\nbar';

/** What `umount --lazy` has taken away is not there any more, whoever had ended before. */
async function takeAway(t: ExecutionContext, f: Commands & { mountpoint: string }): Promise<void> {
  const { status, stderr } = await f.lvfs('umount', '--lazy', f.mountpoint);
  t.true(status === 0 || status === 24, stderr);
  await f.lvfs('status');
  await nothingLeft(t, f);
}

for (const mebibytes of [16, 32, 64, 96, 128]) {
  mountTest(`a mount that has ${mebibytes} MiB of memory${skipped}`, async (t) => {
    const f = await system(t);
    const group = memoryGroup(t);
    if (group === undefined) {
      t.pass('no control group can be made');
      return;
    }
    t.true(group.limit(mebibytes));
    const { status } = await after(f, group.enter, 'mount', '--no-binds', 'dev-libs/foo', f.mountpoint);
    t.log(`ended with ${String(status)}`);
    if (status === 0) t.is(walk(f.mountpoint), whole);
    await takeAway(t, f);
  });
}

mountTest(`a daemon that has less and less memory${skipped}`, async (t) => {
  const f = await system(t);
  const group = memoryGroup(t);
  if (group === undefined) {
    t.pass('no control group can be made');
    return;
  }
  const { status, stderr } = await after(f, group.enter, 'mount', '--no-binds', 'dev-libs/foo', f.mountpoint);
  t.is(status, 0, stderr);
  let least = Number.POSITIVE_INFINITY;
  for (let mebibytes = 160; mebibytes >= 4; mebibytes -= 12) {
    const isThere = group.limit(mebibytes);
    const found = walk(f.mountpoint);
    t.not(found, undefined, 'nobody waits for ever');
    if (found !== whole) break;
    if (isThere) least = mebibytes;
  }
  t.log(`answered all with ${least} MiB`);
  await takeAway(t, f);
});
