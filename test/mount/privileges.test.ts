/** What a daemon may still do once its view is mounted, and what it has of whoever started it. */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import { processLink } from '../../src/base/index.js';
import { ownCapabilities, passedCapabilities } from '../../src/daemon/index.js';
import { canLimitTo, systemProblem } from '../../src/system/index.js';
import { withCommands, host } from '../helpers/commands.js';
import { finished, program } from '../helpers/lvfs.js';
import { mountTest, skipped, withViews } from '../helpers/views.js';
import { testDriver } from '../helpers/withMemoryMount.js';

/** Bits of linux/capability.h: CAP_DAC_READ_SEARCH, CAP_KILL, CAP_SYS_PTRACE, CAP_SYS_ADMIN. */
const serving = (1n << 2n) | (1n << 19n);
const own = serving | (1n << 5n) | (1n << 21n);
/** CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_SETGID, CAP_SETUID, CAP_SYS_CHROOT. */
const passed = (1n << 0n) | (1n << 1n) | (1n << 3n) | (1n << 6n) | (1n << 7n) | (1n << 18n);

function field(status: string, name: string): string {
  return new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1] ?? '';
}

const bits = (status: string, name: string): bigint => BigInt(`0x${field(status, name)}`);

const problem = systemProblem();
const why = problem === undefined ? skipped : ` (skipped: ${problem.message})`;
const systemTest = problem === undefined ? mountTest : test.skip;

systemTest(`a daemon has only the rights that it needs${why}`, async (t) => {
  const f = await withViews(t);
  // In a container root may be unable to give up what programs could get back.
  const isLimited = canLimitTo([...ownCapabilities, ...passedCapabilities]);
  const { mountpoint, pid } = await f.mount();
  const of = (place: string): string => readFileSync(`/proc/${place}/status`, 'latin1');
  const main = of(String(pid));
  t.is(bits(main, 'CapEff') & ~own, 0n);
  t.is(bits(main, 'CapPrm') & ~(own | passed), 0n);
  t.is(field(main, 'Umask'), '0077');
  const threads = readdirSync(`/proc/${pid}/task`).map((thread) => of(`${pid}/task/${thread}`));
  for (const status of threads) {
    const name = field(status, 'Name');
    t.is(field(status, 'NoNewPrivs'), '1', name);
    t.is(field(status, 'CapInh'), '0000000000000000', name);
    t.is(field(status, 'CapAmb'), '0000000000000000', name);
    // Also those of Node itself.
    if (isLimited) t.is(bits(status, 'CapPrm') & ~(own | passed), 0n, name);
    if (isLimited) t.is(bits(status, 'CapBnd') & ~(own | passed), 0n, name);
  }
  // Beside them those that serve; of libfuse's it is a process of its own that does.
  t.true(threads.some((status) => (bits(status, 'CapEff') & ~serving) === 0n));
  // In a container root may lack CAP_SYS_RESOURCE.
  const mayRank = spawnSync('sh', ['-c', 'echo -500 >/proc/self/oom_score_adj']).status === 0;
  t.is(readFileSync(`/proc/${pid}/oom_score_adj`, 'latin1'), mayRank ? '-500\n' : '0\n');
  // What others are to read is readable all the same.
  t.is(statSync(f.environment['LVFS_CACHE'] ?? '').mode & 0o777, 0o755);
  t.is(statSync(f.runtime).mode & 0o777, 0o700);
  t.is((await f.lvfs('umount', mountpoint)).status, 0);
});

/** Where a descriptor lies that Node does not mark as not to be passed on: behind a gap. */
const leaked = 40;

/** Runs lvfs with a directory of the host open that nobody told it of. */
async function withLeak(environment: NodeJS.ProcessEnv, ...args: string[]) {
  const directory = openSync('/etc', 'r');
  try {
    const more = Array.from({ length: leaked - 2 }, (_, i) => (i === leaked - 3 ? directory : 'ignore'));
    const child = spawn(process.execPath, [program, ...args], {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe', ...more],
    });
    return await finished(child);
  } finally {
    closeSync(directory);
  }
}

systemTest(`a daemon has nothing open that it was not given${why}`, async (t) => {
  const f = await withViews(t);
  const mountpoint = f.mountpoint();
  const { status, stderr } = await withLeak(f.environment, 'mount', 'dev-libs/foo', mountpoint);
  t.is(status, 0, stderr);
  const shown = JSON.parse((await f.lvfs('status', '--json', mountpoint)).stdout) as {
    mounts: { pid: number; log: string }[];
  };
  const { pid = 0, log = '' } = shown.mounts[0] ?? {};
  const open = new Map(
    // One may be closed meanwhile.
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const path = processLink(pid, `fd/${fd}`);
      return path === undefined ? [] : [[Number(fd), path] as const];
    }),
  );
  t.is(open.get(0), '/dev/null');
  t.is(open.get(1), log);
  t.is(open.get(2), log);
  // Directories of what is shown are open, and those above it, as the way to its files leads through them.
  const isOwn = (path: string): boolean =>
    /^(?:anon_inode|socket|pipe):|^\/(?:dev\/(?:null|fuse)|memfd:)/.test(path) ||
    path === log ||
    // The lock that tells others that it lives.
    path === join(dirname(log), 'held') ||
    f.gentoo.root === path ||
    f.gentoo.root.startsWith(`${path}/`) ||
    path.startsWith(`${f.gentoo.root}/`);
  const others = [...open.values()].filter((path) => !isOwn(path));
  t.deepEqual(testDriver().name === 'kernel' ? others : others.filter((path) => path === '/etc'), []);
  t.is((await f.lvfs('umount', mountpoint)).status, 0);
});

systemTest(`a command inside gets no descriptor that lvfs was started with by mistake${why}`, async (t) => {
  const f = await withCommands(t);
  const list = ['sh', '-c', `[ ! -e /proc/self/fd/${leaked} ] && echo closed`];
  const { status, stdout, stderr } = await withLeak(
    f.environment,
    'run',
    ...host,
    'dev-libs/foo',
    '--',
    ...list,
  );
  t.is(status, 0, stderr);
  t.is(stdout, 'closed\n');
});

systemTest(`a daemon has of the environment what it needs${why}`, async (t) => {
  const f = await withViews(t);
  Object.assign(f.environment, {
    TEST_SECRET: 's3cret',
    AWS_SECRET_ACCESS_KEY: 's3cret',
    LD_TRACE_NOTHING: 's3cret',
    NODE_PENDING_DEPRECATION: '0',
    USE: 'unusual',
  });
  const { mountpoint, pid } = await f.mount();
  const names = readFileSync(`/proc/${pid}/environ`, 'latin1')
    .split('\0')
    .map((line) => line.split('=')[0] ?? '');
  const expected = /^(?:|HOME|LANG|LANGUAGE|LC_\w+|LOGNAME|LVFS_\w+|PATH|TMPDIR|TZ|USER|XDG_\w+)$/;
  t.deepEqual(
    names.filter((name) => !expected.test(name)),
    [],
  );
  t.is((await f.lvfs('umount', mountpoint)).status, 0);
});
