import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { openInside, startInside, type InsideRequest } from '../../src/daemon/index.js';
import { namespaces } from '../../src/daemon/platform/index.js';
import { host, nothingLeft, withCommands as fixture } from '../helpers/commands.js';
import { processesNaming, whyNotMount } from '../helpers/inView.js';
import { testDriver } from '../helpers/withMemoryMount.js';
import { finished, program, until } from '../helpers/lvfs.js';

const reason = whyNotMount();
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

function endsWith(command: readonly string[], status: number, stdout = '', stderr = /^/): void {
  mountTest(`run: ${JSON.stringify(command)} ends with status ${status}${skipped}`, async (t) => {
    const f = await fixture(t);
    const result = await f.run(...command);
    t.is(result.status, status, result.stderr);
    t.is(result.signal, null);
    t.is(result.stdout, stdout);
    t.regex(result.stderr, stderr);
    await nothingLeft(t, f);
  });
}

mountTest(`a command starts at the top when its directory is only the host's${skipped}`, async (t) => {
  const f = await fixture(t);
  // Below /tmp, which inside is the /tmp of the root.
  const cwd = mkdtempSync('/tmp/lvfs-test-cwd-');
  t.teardown(() => rmdirSync(cwd));
  for (const args of [
    ['run', ...host, 'dev-libs/foo', '--', 'pwd'],
    // Which shows the directory that it starts in, where that can be.
    ['build', ...host, '--command', 'pwd', 'dev-libs/foo'],
  ]) {
    const child = spawn(process.execPath, [program, ...args], { env: f.environment, cwd });
    const { stdout, stderr } = await finished(child);
    t.is(stdout.split('\n')[0], '/', stderr);
  }
});

endsWith(['true'], 0);
endsWith(['sh', '-c', 'exit 7'], 7);
endsWith(['sh', '-c', 'exit 125'], 125);
endsWith(['sh', '-c', 'kill -TERM $$'], 143);
endsWith(['sh', '-c', 'kill -KILL $$'], 137);
endsWith(['no-such-command'], 127, '', /^lvfs: no-such-command: not found\n$/);
endsWith(['./no/such'], 127, '', /^lvfs: \.\/no\/such: not found\n$/);
endsWith([''], 127, '', /^lvfs: '': not found\n$/);
endsWith(['/etc/passwd'], 126, '', /^lvfs: \/etc\/passwd: cannot be executed: permission denied\n$/);
endsWith(['/etc'], 126, '', /^lvfs: \/etc: cannot be executed: it is a directory\n$/);
endsWith(
  ['/opt/hidden/tool'],
  127,
  '',
  /^lvfs: \/opt\/hidden\/tool: \/opt\/hidden\/tool is hidden: it belongs to dev-libs\/hidden-1\nhint: --with dev-libs\/hidden shows it\n$/,
);

mountTest(`a script whose interpreter is hidden says so${skipped}`, async (t) => {
  const f = await fixture(t, {
    packages: {
      'dev-libs/bar-1': { files: { '/opt/bar/script': { text: '#! /opt/hidden/tool -x\n', mode: 0o755 } } },
    },
  });
  const { status, stderr } = await f.run('/opt/bar/script');
  t.is(status, 127);
  t.is(
    stderr,
    'lvfs: /opt/bar/script: its interpreter /opt/hidden/tool is hidden: it belongs to dev-libs/hidden-1\nhint: --with dev-libs/hidden shows it\n',
  );
  await nothingLeft(t, f);
});

endsWith(['printf', '[%s]', 'a b', '', '"c"', "'d'", '$e', '*', 'f\ng'], 0, `[a b][]["c"]['d'][$e][*][f\ng]`);
endsWith(['sh', '-c', 'sleep 1000 & setsid sleep 1000 & echo started'], 0, 'started\n');
endsWith(['cat', '/opt/bar/bar.h', '/opt/zlib/zlib.h'], 0, 'barzlib');
endsWith(['ls', '/opt'], 0, 'bar\nzlib\n');

mountTest(`a failure of lvfs itself is 125, also for a package that does not exist${skipped}`, async (t) => {
  const f = await fixture(t);
  const { status, stderr } = await f.lvfs('run', 'dev-libs/nonexistent', '--', 'true');
  t.is(status, 125);
  t.regex(stderr, /nonexistent/);
  await nothingLeft(t, f);
});

mountTest(`a shell takes the path of an ebuild for a target${skipped}`, async (t) => {
  const f = await fixture(t);
  const { status, stderr } = await f.lvfs('shell', './none-1.ebuild');
  t.regex(stderr, /^lvfs: '.*\/none-1\.ebuild' is not there\n/);
  t.is(status, 125);
  await nothingLeft(t, f);
});

mountTest(`a bind that cannot be is refused before anything runs${skipped}`, async (t) => {
  const f = await fixture(t);
  for (const [given, message] of [
    ['/no/such', /^lvfs: \/no\/such: cannot be bound: it does not exist/],
    ['/tmp:relative', /--bind \/tmp:relative: expected SRC\[:DST\] with an absolute DST/],
    ['/tmp:/', /other than \//],
    ['/etc/passwd:/opt/new', /\/opt\/new: there is no file inside that could be replaced\nhint: /],
    ['/etc:/tmp/absent', /\/tmp\/absent: does not exist inside, where \/tmp is the host's/],
  ] as const) {
    const { status, stderr } = await f.lvfs('run', '--bind', given, 'dev-libs/foo', '--', 'true');
    t.is(status, 2, stderr);
    t.regex(stderr, message);
  }
  await nothingLeft(t, f);
});

mountTest(`a file is bound where the host has one, also where that is hidden${skipped}`, async (t) => {
  const f = await fixture(t, { packages: { 'dev-libs/odd-1': { files: { '/opt/odd [1]': 'odd' } } } });
  writeFileSync(join(f.directory, 'mine'), 'mine');
  const bind = (target: string): string[] => ['--ro', `${join(f.directory, 'mine')}:${target}`];
  for (const target of ['/opt/hidden/tool', '/opt/bar/bar.h', '/opt/odd [1]']) {
    const said = await f.lvfs('run', ...host, ...bind(target), 'dev-libs/foo', '--', 'cat', target);
    t.like(said, { status: 0, stdout: 'mine', stderr: '' }, target);
  }
  await nothingLeft(t, f);
});

mountTest(`a bind through an absolute link stays in the view${skipped}`, async (t) => {
  const f = await fixture(t);
  const [outside, source, mountpoint] = ['outside', 'source', 'mnt'].map((name) =>
    join(f.directory, name),
  ) as [string, string, string];
  for (const directory of [outside, source, mountpoint]) mkdirSync(directory);
  writeFileSync(join(source, 'name'), '');
  symlinkSync(outside, f.gentoo.path('/opt/link'));
  const bind = ['--no-binds', '--bind', `${source}:/opt/link`];
  t.is((await f.lvfs('mount', ...bind, 'dev-libs/foo', mountpoint)).stderr, '');
  t.deepEqual(readdirSync(outside), []);
  t.deepEqual(readdirSync(join(mountpoint, outside)), ['name']);
  t.is((await f.lvfs('umount', mountpoint)).stderr, '');
  await nothingLeft(t, f);
});

mountTest(`the view is read-only, and what is bound is as writable as asked for${skipped}`, async (t) => {
  const f = await fixture(t);
  const [own, other] = ['own', 'other'].map((name) => join(f.directory, name)) as [string, string];
  mkdirSync(own);
  mkdirSync(other);
  const command = `echo x > /opt/bar/new; echo y > /srv/own/y; echo z > /srv/other/z; test -w /tmp && echo writable`;
  const binds = ['--bind', `${own}:/srv/own`, '--ro', `${other}:/srv/other`];
  const { stdout, stderr } = await f.lvfs(
    'run',
    ...host,
    ...binds,
    'dev-libs/foo',
    '--',
    'sh',
    '-c',
    command,
  );
  t.is(stdout, 'writable\n', stderr);
  t.is(stderr.match(/Read-only file system/g)?.length, 2, stderr);
  t.is(readFileSync(join(own, 'y'), 'utf8'), 'y\n');
  t.deepEqual(readdirSync(other), []);
  await nothingLeft(t, f);
});

mountTest(
  `the database of packages lists what is visible, and beside it a lock can be hard-linked${skipped}`,
  async (t) => {
    const f = await fixture(t);
    const command =
      'ls /var/db/pkg/*; cd /var/db && touch .lock && ln .lock .second && echo linked; rm .lock .second';
    const { stdout } = await f.run('sh', '-c', command);
    t.is(stdout, '/var/db/pkg/dev-libs:\nbar-1\n\n/var/db/pkg/sys-libs:\nzlib-1.3\nlinked\n');
    t.false(existsSync(f.gentoo.path('/var/db/.lock')));
  },
);

mountTest(`the command starts in the same directory where there is one, else in /${skipped}`, async (t) => {
  const f = await fixture(t);
  const pwd = async (cwd: string): Promise<string> => {
    const args = [program, 'run', ...host, '--bind', f.directory, 'dev-libs/foo', '--', 'pwd'];
    const child = spawn(process.execPath, args, {
      cwd,
      env: f.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return (await finished(child)).stdout.trim();
  };
  t.is(await pwd(f.directory), f.directory);
  t.is(await pwd('/usr/bin'), '/usr/bin');
  t.is(await pwd(f.gentoo.path('/opt/hidden')), '/');
  t.is(await pwd(f.gentoo.path('/opt/bar')), '/opt/bar');
});

mountTest(`the command has processes of its own, and with --net=none no network${skipped}`, async (t) => {
  const f = await fixture(t);
  const inside = ['sh', '-c', 'ls -d /proc/[0-9]* | wc -l; grep -c : /proc/net/dev'];
  const own = await f.lvfs('run', ...host, '--net=none', 'dev-libs/foo', '--', ...inside);
  const [processes, interfaces] = own.stdout.split('\n').map(Number);
  t.true((processes ?? 99) < 10, own.stdout);
  t.is(interfaces, 1);
  const shared = await f.lvfs(
    'run',
    ...host,
    '--pid=host',
    'dev-libs/foo',
    '--',
    'sh',
    '-c',
    'sleep 1000 & echo $$',
  );
  t.true(Number(shared.stdout) > 10);
  await nothingLeft(t, f);
});

for (const name of ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGINT'] as const) {
  mountTest(`${name} reaches the command, and its status is passed on${skipped}`, async (t) => {
    const f = await fixture(t);
    const short = name.slice(3);
    const script = `trap 'echo caught; exit 42' ${short}; echo ready; while :; do sleep 0.01; done`;
    const child = f.start('run', ...host, 'dev-libs/foo', '--', 'sh', '-c', script);
    let said = '';
    child.stdout?.on('data', (data: Buffer) => (said += data.toString()));
    const end = finished(child);
    await until('the command runs', () => said.includes('ready'), 60_000);
    child.kill(name);
    const { status, stdout } = await end;
    t.is(stdout, 'ready\ncaught\n');
    t.is(status, 42);
    await nothingLeft(t, f);
  });
}

for (const name of ['SIGTERM', 'SIGINT'] as const) {
  mountTest(`${name} ends a command that ignores it, in the end${skipped}`, async (t) => {
    const f = await fixture(t);
    const script = `trap '' TERM INT; echo ready; while :; do sleep 0.1; done`;
    const child = f.start('run', ...host, 'dev-libs/foo', '--', 'sh', '-c', script);
    let said = '';
    child.stdout?.on('data', (data: Buffer) => (said += data.toString()));
    const end = finished(child);
    await until('the command runs', () => said.includes('ready'), 60_000);
    child.kill(name);
    t.is((await end).status, 137);
    await nothingLeft(t, f);
  });
}

mountTest(`a signal ends lvfs although the process that serves the view is stuck${skipped}`, async (t) => {
  const f = await fixture(t);
  const child = f.start('run', ...host, 'dev-libs/foo', '--', 'sh', '-c', 'echo ready; sleep 1000');
  let said = '';
  child.stdout?.on('data', (data: Buffer) => (said += data.toString()));
  const end = finished(child);
  await until('the command runs', () => said.includes('ready'), 60_000);
  const server = processesNaming(f.runtime).find((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('insideMain'),
  );
  process.kill(server ?? 0, 'SIGSTOP');
  child.kill('SIGTERM');
  t.is((await end).signal, 'SIGTERM');
  await nothingLeft(t, f);
});

mountTest(
  `places in which nothing can be made are told of, and nothing goes round in circles${skipped}`,
  async (t) => {
    const f = await fixture(t);
    const mountpoint = join(f.directory, 'mnt');
    mkdirSync(mountpoint);
    for (const place of ['/proc/none/lvfs', '/sys/none', '/dev/null/lvfs']) {
      f.environment['LVFS_CACHE'] = place;
      const run = await f.run('echo', 'ran');
      t.is(run.stdout, 'ran\n', place);
      const mount = await f.lvfs('mount', 'dev-libs/foo', mountpoint);
      t.is(mount.status, 0, mount.stderr);
      t.is((await f.lvfs('umount', mountpoint)).status, 0);
      const apart = { ...f.environment, LVFS_RUNTIME_DIR: place };
      for (const args of [
        ['run', 'dev-libs/foo', '--', 'true'],
        ['mount', 'dev-libs/foo', mountpoint],
      ]) {
        const said = await finished(spawn(process.execPath, [program, ...args], { env: apart }));
        t.is(said.status, args[0] === 'run' ? 125 : 23, place);
        t.regex(said.stderr, /^lvfs: cannot record sessions in \S+: E[A-Z]+: .*\nhint: set LVFS_RUNTIME_DIR/);
      }
    }
  },
);

mountTest(`a signal that comes while the command is being started is not lost${skipped}`, async (t) => {
  const entered = namespaces.enter({
    root: '/',
    cwd: '/',
    argv: ['sleep', '1000'],
    env: process.env,
    stdio: 'ignore',
    noNetwork: false,
    hostProcesses: false,
    mountProc: false,
    ownMounts: true,
    leave: [],
  });
  entered.signal('SIGTERM');
  t.deepEqual(await entered.ended, { code: 143, signal: null });
});

mountTest(`a signal that kills the command ends lvfs by the same signal${skipped}`, async (t) => {
  const f = await fixture(t);
  const child = f.start('run', ...host, 'dev-libs/foo', '--', 'sh', '-c', 'echo ready; exec sleep 1000');
  let said = '';
  child.stdout?.on('data', (data: Buffer) => (said += data.toString()));
  const end = finished(child);
  await until('the command runs', () => said.includes('ready'), 60_000);
  child.kill('SIGTERM');
  t.is((await end).signal, 'SIGTERM');
  await nothingLeft(t, f);
});

test('a view that is no longer wanted is not made', async (t) => {
  const started = await startInside(new URL('file:///nowhere.js'));
  const listener = { progress: () => undefined, log: () => undefined };
  await t.throwsAsync(openInside(started, {} as InsideRequest, listener, AbortSignal.abort()), {
    message: 'interrupted',
  });
  t.not(
    started.child.exitCode ?? started.child.signalCode,
    null,
    'and the process that would have shown it has ended',
  );
});

mountTest(`a build whose output finds no room is over when it is over${skipped}`, async (t) => {
  const f = await fixture(t);
  const lvfs = `"${process.execPath}" "${program}"`;
  const line = `${lvfs} build ${host.join(' ')} --command 'echo said' dev-libs/foo >/dev/full`;
  const { status, stderr } = await finished(spawn('sh', ['-c', line], { cwd: '/', env: f.environment }));
  t.is(stderr, 'lvfs: cannot write to standard output: ENOSPC: no space left on device, write\n');
  t.is(status, 1);
  await nothingLeft(t, f);
});

mountTest(`a shell can be started in a mounted view, with its arguments${skipped}`, async (t) => {
  const f = await fixture(t);
  const mountpoint = join(f.directory, 'mnt');
  mkdirSync(mountpoint);
  t.is((await f.lvfs('mount', ...host, 'dev-libs/foo', mountpoint)).status, 0);
  try {
    const { stdout, status } = await f.lvfs(
      'shell',
      mountpoint,
      '--',
      '-c',
      'ls /opt; echo $LVFS_TARGET; exit 5',
    );
    t.is(stdout, 'bar\nzlib\ndev-libs/foo-1\n');
    t.is(status, 5);
  } finally {
    t.is((await f.lvfs('umount', mountpoint)).stderr, '');
  }
  await nothingLeft(t, f);
});

mountTest(
  `allow and deny change a mounted view at once, with what is needed at run time${skipped}`,
  async (t) => {
    const f = await fixture(t);
    const mountpoint = join(f.directory, 'mnt');
    mkdirSync(mountpoint);
    t.is((await f.lvfs('mount', '--no-binds', 'dev-libs/foo', mountpoint)).status, 0);
    const tool = join(mountpoint, 'opt/hidden/tool');
    const opt = (): string[] => readdirSync(join(mountpoint, 'opt')).sort();
    const change = async (...args: string[]): Promise<unknown> => {
      const { stdout, stderr } = await f.lvfs(...args, '--json');
      return JSON.parse(stdout || JSON.stringify({ stderr })) as unknown;
    };
    try {
      t.false(existsSync(tool));
      t.deepEqual(opt(), ['bar', 'zlib']);
      const shown = ['dev-libs/deep-1', 'dev-libs/hidden-1'];
      const nothing = { schemaVersion: 1, shown: [], hidden: [], paths: [] };
      t.deepEqual(await change('allow', mountpoint, 'dev-libs/hidden'), { ...nothing, shown });
      t.true(existsSync(tool));
      t.deepEqual(opt(), ['bar', 'deep', 'hidden', 'zlib']);
      const status = JSON.parse((await f.lvfs('status', '--json', mountpoint)).stdout) as {
        mounts: { live: { allowed: string[] } }[];
      };
      t.deepEqual(status.mounts[0]?.live.allowed, ['dev-libs/hidden']);
      t.deepEqual(await change('deny', mountpoint, 'dev-libs/hidden'), { ...nothing, hidden: shown });
      t.false(existsSync(tool));
      t.deepEqual(await change('deny', mountpoint, 'sys-libs/zlib'), {
        ...nothing,
        hidden: ['sys-libs/zlib-1.3'],
      });
      t.deepEqual(opt(), ['bar']);
      t.deepEqual(await change('allow', mountpoint, 'sys-libs/zlib'), {
        ...nothing,
        shown: ['sys-libs/zlib-1.3'],
      });
      t.deepEqual(await change('allow', mountpoint, '/opt/litter'), { ...nothing, paths: ['/opt/litter'] });
      t.deepEqual(opt(), ['bar', 'litter', 'zlib']);
      t.deepEqual(await change('deny', mountpoint, '/opt/litter'), { ...nothing, paths: ['/opt/litter'] });
      t.deepEqual(opt(), ['bar', 'zlib']);
      const unknown = await f.lvfs('allow', mountpoint, 'dev-libs/nonexistent');
      t.is(unknown.status, 20, unknown.stderr);
      t.regex(
        (await f.lvfs('allow', mountpoint, '/no/such')).stderr,
        /\/no\/such: does not exist on the host/,
      );
    } finally {
      t.is((await f.lvfs('umount', mountpoint)).stderr, '');
    }
  },
);

mountTest(`denials are logged with their owners, and followed while they happen${skipped}`, async (t) => {
  const f = await fixture(t);
  const mountpoint = join(f.directory, 'mnt');
  mkdirSync(mountpoint);
  t.is((await f.lvfs('mount', '--no-binds', 'dev-libs/foo', mountpoint)).status, 0);
  const follower = f.start('log', '-f', '--json', mountpoint);
  let followed = '';
  follower.stdout?.on('data', (data: Buffer) => (followed += data.toString()));
  const end = finished(follower);
  t.false(existsSync(join(mountpoint, 'opt/hidden')));
  await until('the denial is followed', () => followed.includes('/opt/hidden'), 60_000);
  const log = join(f.directory, 'denials');
  const { stdout } = await f.lvfs('log', '--json', '--log', log, mountpoint);
  const denial = JSON.parse(stdout) as Record<string, unknown>;
  t.like(denial, {
    path: '/opt/hidden',
    owners: ['dev-libs/hidden-1'],
    pid: testDriver().capabilities.callers ? process.pid : 0,
    count: 1,
  });
  t.is(readFileSync(log, 'utf8'), stdout);
  const unwritable = await f.lvfs('log', '--log', f.directory, mountpoint);
  t.is(unwritable.status, 1);
  t.true(unwritable.stderr.startsWith(`lvfs: ${f.directory}: cannot be written: EISDIR`), unwritable.stderr);
  const page = join(f.directory, 'report.html');
  const report = JSON.parse((await f.lvfs('report', '--json', '--html', page, mountpoint)).stdout) as {
    missing: { cpv: string }[];
  };
  t.deepEqual(
    report.missing.map(({ cpv }) => cpv),
    ['dev-libs/hidden-1'],
  );
  t.regex(readFileSync(page, 'utf8'), /^<!doctype html>/);
  t.is((await f.lvfs('umount', mountpoint)).stderr, '');
  t.is((await end).status, 0);
});

mountTest(`check gives one verdict for each target, also as JUnit${skipped}`, async (t) => {
  const f = await fixture(t);
  const junit = join(f.directory, 'junit.xml');
  writeFileSync(join(f.directory, 'build.sh'), 'cat /opt/bar/bar.h && exit $1\n');
  const check = (command: string) =>
    f.lvfs(
      'check',
      ...host,
      '--bind',
      f.directory,
      '--json',
      '--junit',
      junit,
      '--command',
      command,
      'dev-libs/foo',
      'dev-libs/gone',
    );
  const good = await check(`sh ${f.directory}/build.sh 0`);
  const lines = good.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  t.deepEqual(Object.fromEntries(lines.map((line) => [line['target'], line['verdict']])), {
    'dev-libs/foo': 'clean',
    'dev-libs/gone': 'error',
  });
  t.is(good.status, 1);
  t.regex(readFileSync(junit, 'utf8'), /<testsuite name="lvfs check" tests="2" failures="0" errors="1">/);
  t.is((await check(`sh ${f.directory}/build.sh 3`)).status, 29);
  await nothingLeft(t, f);
});
