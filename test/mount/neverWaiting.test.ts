/**
 * Who waits for an answer of a view is freed by `lvfs umount --lazy`, which says whom it took the view from, whatever has become of the
 * daemon. Each of these waits would be for ever.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { processStartTime } from '../../src/daemon/registry/registry.js';
import { nothingLeft, withCommands, type Commands } from '../helpers/commands.js';
import { whyNotMount } from '../helpers/inView.js';
import { finished, until } from '../helpers/lvfs.js';
import { testDriver } from '../helpers/withMemoryMount.js';

const reason =
  whyNotMount() ?? (testDriver().name === 'kernel' ? undefined : 'other drivers read requests otherwise');
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

interface View extends Commands {
  mountpoint: string;
  pid: number;
}

async function mounted(t: ExecutionContext, crash?: string, ...options: string[]): Promise<View> {
  const hook = new URL('../helpers/crashHook.js', import.meta.url).href;
  const environment = crash === undefined ? {} : { NODE_OPTIONS: `--import=${hook}`, TEST_CRASH: crash };
  const f = await withCommands(t, {}, environment);
  const mountpoint = join(f.directory, 'mnt');
  mkdirSync(mountpoint);
  const { status, stdout, stderr } = await f.lvfs('mount', '--json', ...options, 'dev-libs/foo', mountpoint);
  t.is(status, 0, stderr);
  const { mounts } = JSON.parse(stdout) as { mounts: { pid: number }[] };
  return { ...f, mountpoint, pid: mounts[0]!.pid };
}

/** Stops a process; a thread of it that was answering has gone on until then. */
async function stop(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  const tasks = `/proc/${pid}/task`;
  const isStopped = (task: string): boolean =>
    /^State:\tT/m.test(readFileSync(`${tasks}/${task}/status`, 'latin1'));
  await until('all its threads are stopped', () => readdirSync(tasks).every(isStopped), 60_000);
}

/** A process that asks for a name and is not answered. */
async function waiting(t: ExecutionContext, path: string): Promise<ChildProcess> {
  const child = spawn('stat', [path], { stdio: ['ignore', 'pipe', 'pipe'] });
  t.teardown(() => child.kill('SIGKILL'));
  await until(
    'it waits',
    () => readFileSync(`/proc/${child.pid}/wchan`, 'latin1') === 'request_wait_answer',
    60_000,
  );
  return child;
}

interface Ended {
  unmounted: string[];
  ended: { mountpoint: string; holders: { pid: number; comm: string; use: string }[]; daemon: string }[];
}

async function end(t: ExecutionContext, f: View): Promise<Ended['ended'][0]> {
  const { status, stdout, stderr } = await f.lvfs('umount', '--lazy', '--json', f.mountpoint);
  t.is(status, 0, stderr);
  const { unmounted, ended } = JSON.parse(stdout) as Ended;
  t.deepEqual(unmounted, [f.mountpoint]);
  await nothingLeft(t, f);
  return ended[0]!;
}

for (const options of [[], ['--no-binds']]) {
  const how = options.length === 0 ? '' : ', without binds';
  mountTest(`a daemon that is stopped${how}${skipped}`, async (t) => {
    const f = await mounted(t, undefined, ...options);
    await stop(f.pid);
    const child = await waiting(t, join(f.mountpoint, 'opt/nothing'));
    const stopped = finished(child);
    const { holders, daemon } = await end(t, f);
    t.is(daemon, 'killed');
    t.deepEqual(holders, [{ pid: child.pid!, comm: 'stat', use: 'wait' }]);
    t.regex((await stopped).stderr, /connection abort|not connected/);
  });
}

mountTest(
  `a daemon that is stopped, as with a machine that is suspended, and goes on${skipped}`,
  async (t) => {
    const f = await mounted(t, undefined, '--no-binds');
    await stop(f.pid);
    const child = await waiting(t, join(f.mountpoint, 'opt/nothing'));
    const answered = finished(child);
    process.kill(f.pid, 'SIGCONT');
    t.regex((await answered).stderr, /No such file or directory/);
    t.is((await f.lvfs('umount', f.mountpoint)).status, 0);
    await nothingLeft(t, f);
  },
);

/** Has the kernel take all memory of a process away that it can (process_madvise(2), MADV_PAGEOUT); prints how many bytes that was told for. */
const pageOut = `
import ctypes, os, struct, sys
pid, libc = int(sys.argv[1]), ctypes.CDLL(None, use_errno=True)
handle, done = os.pidfd_open(pid), 0
for line in open("/proc/%d/maps" % pid):
    start, end = (int(one, 16) for one in line.split()[0].split("-"))
    vector = struct.pack("NN", start, end - start)
    done += max(0, libc.syscall(440, handle, vector, 1, 21, 0))
print(done)
`;

mountTest(`a daemon whose memory the kernel has taken away${skipped}`, async (t) => {
  const f = await mounted(t, undefined, '--no-binds');
  const held = (): string => /^VmRSS:.*/m.exec(readFileSync(`/proc/${f.pid}/status`, 'latin1'))?.[0] ?? '';
  const before = held();
  const { status, stdout, stderr } = spawnSync('python3', ['-c', pageOut, String(f.pid)], {
    encoding: 'utf8',
  });
  if (status === 0 && Number(stdout) > 0) t.log(`${before}, then ${held()}`);
  else t.log(`the kernel cannot be told to: ${stderr}`);
  t.true(existsSync(join(f.mountpoint, 'opt/bar')));
  t.false(existsSync(join(f.mountpoint, 'opt/hidden')));
  // Once more, and nobody asks it but for its end.
  spawnSync('python3', ['-c', pageOut, String(f.pid)]);
  t.is((await end(t, f)).daemon, 'ended');
});

mountTest(`who waits for another view is not named${skipped}`, async (t) => {
  const f = await mounted(t);
  const other = join(f.directory, 'other');
  mkdirSync(other);
  t.is((await f.lvfs('mount', 'dev-libs/foo', other)).status, 0);
  // One process that waits most of the time, for one answer after another.
  const asks = 'i=0; while :; do [ -e "$0/opt/$i" ]; i=$((i+1)); done';
  const busy = spawn('sh', ['-c', asks, other], { stdio: 'ignore' });
  t.teardown(() => busy.kill('SIGKILL'));
  await stop(f.pid);
  const child = await waiting(t, join(f.mountpoint, 'opt/nothing'));
  const { stdout } = await f.lvfs('umount', '--lazy', '--json', f.mountpoint);
  const [ended] = (JSON.parse(stdout) as Ended).ended;
  t.deepEqual(ended?.holders, [{ pid: child.pid!, comm: 'stat', use: 'wait' }]);
  busy.kill('SIGKILL');
  await finished(busy);
  t.is((await f.lvfs('umount', other)).status, 0);
  await nothingLeft(t, f);
});

mountTest(`a daemon that is stopped, in words${skipped}`, async (t) => {
  const f = await mounted(t);
  const user = spawn('sleep', ['1000'], { cwd: join(f.mountpoint, 'opt'), stdio: 'ignore' });
  t.teardown(() => user.kill('SIGKILL'));
  await until('it is there', () => readFileSync(`/proc/${user.pid}/comm`, 'latin1') === 'sleep\n', 60_000);
  await stop(f.pid);
  const { status, stdout } = await f.lvfs('umount', '--lazy', f.mountpoint);
  t.is(status, 0);
  t.is(
    stdout,
    `${f.mountpoint}: taken from sleep (pid ${user.pid}, cwd)\n` +
      `${f.mountpoint}: its daemon did not answer and was killed\n`,
  );
  await nothingLeft(t, f);
});

mountTest(`a daemon that answers: who used the view is told all the same${skipped}`, async (t) => {
  const f = await mounted(t);
  const user = spawn('sleep', ['1000'], { cwd: join(f.mountpoint, 'opt'), stdio: 'ignore' });
  t.teardown(() => user.kill('SIGKILL'));
  await until('it is there', () => readFileSync(`/proc/${user.pid}/comm`, 'latin1') === 'sleep\n', 60_000);
  const { holders, daemon } = await end(t, f);
  t.is(daemon, 'ended');
  t.deepEqual(holders, [{ pid: user.pid!, comm: 'sleep', use: 'cwd' }]);
});

mountTest(`a daemon that waits for its own view${skipped}`, async (t) => {
  const f = await mounted(t, 'asks-itself');
  process.kill(f.pid, 'SIGPWR');
  await until(
    'it waits',
    () => readFileSync(`/proc/${f.pid}/wchan`, 'latin1') === 'request_wait_answer',
    60_000,
  );
  const { daemon } = await end(t, f);
  t.true(daemon === 'ended' || daemon === 'killed', daemon);
  t.is(processStartTime(f.pid), undefined);
});

mountTest(`a daemon that was killed while a thread of it waits for its own view${skipped}`, async (t) => {
  const f = await mounted(t, 'stuck');
  process.kill(f.pid, 'SIGPWR');
  await until('it is dead', () => processStartTime(f.pid) === undefined, 60_000);
  const child = spawn('stat', [join(f.mountpoint, 'opt/nothing')], { stdio: ['ignore', 'pipe', 'pipe'] });
  const stopped = finished(child);
  const { daemon } = await end(t, f);
  t.is(daemon, 'dead');
  t.regex((await stopped).stderr, /connection abort|not connected|No such file/);
});

mountTest(
  `a view that comes up in several places at once hides itself in all of them${skipped}`,
  async (t) => {
    const f = await withCommands(t);
    const [shown, copy] = [f.gentoo.path('/opt/shown'), f.gentoo.path('/opt/copy')];
    const mountpoint = join(shown, 'mnt');
    for (const directory of [mountpoint, copy]) mkdirSync(directory, { recursive: true });
    const mounting = ['mount --bind "$0" "$0"', 'mount --make-shared "$0"', 'mount --bind "$0" "$1"'];
    t.teardown(() => void spawnSync('umount', ['-R', '-l', copy, shown]));
    t.is(spawnSync('sh', ['-ec', mounting.join('; '), shown, copy]).status, 0);
    // Somebody asks from the first moment on.
    const asks =
      'until [ -e "$0/opt/bar" ]; do :; done; while :; do [ -e "$0/opt/copy/mnt/opt" ] && echo seen; done';
    const asking = spawn('sh', ['-c', asks, mountpoint], { stdio: ['ignore', 'pipe', 'ignore'] });
    t.teardown(() => asking.kill('SIGKILL'));
    const asked = finished(asking);
    const args = ['--no-binds', '--show', '/opt/copy', '--show', '/opt/shown', 'dev-libs/foo', mountpoint];
    const { status, stderr } = await f.lvfs('mount', ...args);
    t.is(status, 0, stderr);
    t.true(existsSync(join(mountpoint, 'opt/copy')));
    t.false(existsSync(join(mountpoint, 'opt/copy/mnt')));
    t.true(existsSync(join(copy, 'mnt/opt/bar')));
    asking.kill('SIGKILL');
    t.is((await asked).stdout, '');
    t.is((await f.lvfs('umount', mountpoint)).status, 0);
  },
);
