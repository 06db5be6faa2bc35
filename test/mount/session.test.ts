import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { readMountTable } from '../../src/base/index.js';
import { processStartTime } from '../../src/daemon/registry/registry.js';
import { processesNaming } from '../helpers/inView.js';
import { finished, program, sandbox, until, type Result, type Sandbox } from '../helpers/lvfs.js';
import { mountTest, skipped, withViews as fixture, type Views as Fixture } from '../helpers/views.js';
import { testDriver } from '../helpers/withMemoryMount.js';

/** Lists of a directory, sorted. */
function names(path: string): string[] {
  return readdirSync(path).sort();
}

/** Reads a directory of a view in another process, which may be killed should it hang. */
function listOutside(path: string): string {
  return execFileSync('ls', [path], { encoding: 'utf8', timeout: 5000 });
}

mountTest(`mount returns when the view answers, and umount leaves nothing behind${skipped}`, async (t) => {
  const f = await fixture(t);
  const mountpoint = f.mountpoint();
  const mounted = await f.lvfs('mount', 'dev-libs/foo', mountpoint);
  t.is(mounted.stdout, `${mountpoint}: dev-libs/foo-1 (3 packages, 6 paths)\n`);
  t.is(mounted.stderr, '');
  t.is(mounted.status, 0);
  t.deepEqual(names(join(mountpoint, 'usr/include')), ['bar.h', 'zlib.h']);
  t.is(readFileSync(join(mountpoint, 'usr/include/zlib.h'), 'utf8'), 'zlib');
  const [entry] = readMountTable().filter((mount) => mount.mountpoint === mountpoint);
  t.is(entry?.type, 'fuse.lvfs');
  t.is(entry?.source, 'dev-libs/foo');

  const status = await f.lvfs('status', '--json');
  const { mounts } = JSON.parse(status.stdout) as { mounts: Record<string, unknown>[] };
  const { live, pid, since, log, ...rest } = mounts[0] ?? {};
  t.deepEqual(rest, {
    mountpoint,
    state: 'serving',
    driver: testDriver().name,
    targets: ['dev-libs/foo-1'],
    packages: 3,
    paths: 6,
    denials: 0,
    root: f.gentoo.root,
  });
  t.is(typeof (live as { requests: Record<string, number> }).requests['LOOKUP'], 'number');
  t.is(typeof since, 'string');
  t.true(existsSync(String(log)));
  t.regex((await f.lvfs('status')).stdout, /^mountpoint .*\n\S+mnt0 +serving +dev-libs\/foo-1 +3 +6 +0 /);
  t.regex((await f.lvfs('status', mountpoint)).stdout, /requests +LOOKUP/);

  t.deepEqual(await f.lvfs('umount', mountpoint), { status: 0, signal: null, stdout: '', stderr: '' });
  t.is(processStartTime(Number(pid)), undefined);
  t.deepEqual(names(mountpoint), []);
  t.deepEqual(names(f.runtime), []);
});

interface Refusal {
  stderr: RegExp;
  status?: number;
}

/** Sets something up, says what to mount on. */
type Arrangement = (f: Fixture) => string | Promise<string>;

const refuses = test.macro<[arrange: Arrangement, expected: Refusal, ...args: string[]]>({
  async exec(t, arrange, { stderr, status = 23 }, ...args) {
    const f = await fixture(t);
    const before = f.views();
    const mountpoint = await arrange(f);
    const after = f.views();
    const result = await f.lvfs('mount', ...(args.length > 0 ? args : ['dev-libs/foo']), mountpoint);
    t.is(result.status, status, result.stderr);
    t.regex(result.stderr, stderr);
    t.is(result.stdout, '');
    t.deepEqual(f.views(), after);
    t.true(before.length <= after.length);
  },
  title: (title) => `mount refuses ${title}${skipped}`,
});
const refusal = mountTest;

refusal('a mount point that is missing', refuses, (f) => join(f.directory, 'absent'), {
  stderr: /^lvfs: \S+absent: no such directory\nhint: mkdir -p \S+absent\n$/,
});
refusal('a mount point whose parent is missing', refuses, (f) => join(f.directory, 'absent/below'), {
  stderr: /^lvfs: \S+below: no such directory\n/,
});
refusal(
  'a file',
  refuses,
  (f) => {
    writeFileSync(join(f.directory, 'file'), '');
    return join(f.directory, 'file');
  },
  { stderr: /^lvfs: \S+file: is not a directory\n/ },
);
refusal(
  'a path below a file',
  refuses,
  (f) => {
    writeFileSync(join(f.directory, 'file'), '');
    return join(f.directory, 'file/x');
  },
  { stderr: /^lvfs: \S+file\/x: is not a directory\n/ },
);
refusal(
  'a directory that is not empty',
  refuses,
  (f) => {
    const path = f.mountpoint();
    writeFileSync(join(path, 'precious'), '');
    return path;
  },
  {
    stderr:
      /^lvfs: \S+: is not empty; the view would hide what is in it\nhint: use an empty directory, or --nonempty\n$/,
  },
);
refusal('the root', refuses, () => '/', {
  stderr: /^lvfs: \/: a view cannot be mounted over the root itself\n/,
});
refusal('a mount point that is a view already', refuses, async (f) => (await f.mount()).mountpoint, {
  stderr: /^lvfs: \S+: a view is mounted there already\nhint: lvfs umount \S+\n$/,
});
refusal(
  'a mount point reached by a link that is a view already',
  refuses,
  async (f) => {
    const { mountpoint } = await f.mount();
    symlinkSync(mountpoint, join(f.directory, 'link'));
    return join(f.directory, 'link');
  },
  { stderr: /a view is mounted there already\n/ },
);
refusal('a mount point below another view', refuses, async (f) => join((await f.mount()).mountpoint, 'usr'), {
  stderr: /^lvfs: \S+usr: lies below another view, \S+\nhint: choose a directory outside of it\n$/,
});
refusal(
  'a stale view',
  refuses,
  async (f) => {
    const { mountpoint, pid } = await f.mount();
    process.kill(pid, 'SIGKILL');
    await until('the daemon is dead', () => processStartTime(pid) === undefined);
    return mountpoint;
  },
  {
    stderr:
      /^lvfs: \S+: a stale view is mounted there; its daemon was killed\nhint: clean it up with: lvfs umount \S+\n$/,
  },
);
refusal(
  'a target that does not exist',
  refuses,
  (f) => f.mountpoint(),
  { stderr: /^lvfs: .*dev-libs\/nonexistent.*\n/, status: 20 },
  'dev-libs/nonexistent',
);
refusal(
  'a target whose build dependencies are not installed',
  refuses,
  (f) => f.mountpoint(),
  { stderr: /^lvfs: .*dev-libs\/absent.*\nhint: .*--allow-missing\n$/, status: 21 },
  'dev-libs/broken',
);
refusal(
  'an unknown driver',
  refuses,
  (f) => f.mountpoint(),
  { stderr: /'magic' is not one of auto, kernel, libfuse/, status: 2 },
  '--driver=magic',
  'dev-libs/foo',
);

mountTest(`--allow-missing mounts all the same, --nonempty over anything${skipped}`, async (t) => {
  const f = await fixture(t);
  const mountpoint = f.mountpoint();
  writeFileSync(join(mountpoint, 'precious'), '');
  const result = await f.lvfs('mount', '--nonempty', '--allow-missing', 'dev-libs/broken', mountpoint);
  t.is(result.status, 0, result.stderr);
  t.deepEqual(names(join(mountpoint, 'bin')), ['bash']);
  t.is((await f.lvfs('umount', mountpoint)).status, 0);
  t.deepEqual(names(mountpoint), ['precious']);
});

mountTest(`an error with --json is an object on standard output${skipped}`, async (t) => {
  const f = await fixture(t);
  const { stdout, status } = await f.lvfs('mount', '--json', 'dev-libs/broken', f.mountpoint());
  t.is(status, 21);
  const { error } = JSON.parse(stdout) as { error: Record<string, unknown> };
  t.is(error['code'], 'MISSING_DEPENDENCIES');
  t.is(error['exitStatus'], 21);
  t.true(Array.isArray(error['unsatisfied']));
});

mountTest(`the mount point may be given relative or through a link${skipped}`, async (t) => {
  const f = await fixture(t);
  const mountpoint = f.mountpoint();
  const link = join(f.directory, 'link');
  symlinkSync(mountpoint, link);
  t.is((await f.lvfs('mount', 'dev-libs/foo', link)).status, 0);
  t.deepEqual(f.views(), [mountpoint]);
  const umount = spawn(process.execPath, [program, 'umount', '../link'], {
    cwd: f.runtime,
    env: f.environment,
  });
  t.is((await finished(umount)).status, 0);
  t.deepEqual(f.views(), []);
});

mountTest(
  `what is bound may be named relative, and the current directory may be gone${skipped}`,
  async (t) => {
    const f = await fixture(t);
    const [work, gone, mountpoint] = ['work', 'gone', 'mnt'].map((name) => join(f.directory, name)) as [
      string,
      string,
      string,
    ];
    for (const directory of [join(work, 'src'), gone, mountpoint]) mkdirSync(directory, { recursive: true });
    writeFileSync(join(work, 'src/file'), '');
    const inDirectory = (line: string, ...args: string[]): Promise<Result> => {
      const words = [process.execPath, program, ...args];
      return finished(spawn('sh', ['-c', `${line} && exec "$@"`, 'sh', ...words], { env: f.environment }));
    };
    const inWork = `cd ${work}`;
    const binds = ['--no-binds', '--bind', 'src:/opt/src', '--ro', 'src'];
    t.is((await inDirectory(inWork, 'mount', ...binds, 'dev-libs/foo', '../mnt')).stderr, '');
    t.deepEqual(names(join(mountpoint, 'opt/src')), ['file']);
    t.deepEqual(names(join(mountpoint, work, 'src')), ['file']);

    const inGone = `mkdir -p ${gone} && cd ${gone} && rmdir ${gone}`;
    t.is((await inDirectory(inGone, 'status', '--json', mountpoint)).status, 0);
    t.is((await inDirectory(inGone, 'umount', '../mnt')).status, 1);
    t.is((await inDirectory(inGone, 'umount', mountpoint)).status, 0);
    const relative = await inDirectory(inGone, 'mount', 'dev-libs/foo', 'mnt');
    t.is(
      relative.stderr,
      'lvfs: the current directory has been removed\nhint: cd to another one, or give absolute paths\n',
    );
    const programs = ['/bin', '/lib', '/lib64', '/usr'].flatMap((path) =>
      existsSync(path) ? ['--ro', path] : [],
    );
    const run = await inDirectory(inGone, 'run', ...programs, 'dev-libs/foo', '--', 'pwd');
    t.deepEqual(run, { status: 0, signal: null, stdout: '/\n', stderr: '' });
  },
);

mountTest(`where Portage writes is bound as the environment says${skipped}`, async (t) => {
  const f = await fixture(t);
  const names_ = ['PORTAGE_TMPDIR', 'DISTDIR', 'PKGDIR'];
  for (const name of names_) {
    mkdirSync(f.gentoo.path(`/srv/${name}`), { recursive: true });
    writeFileSync(f.gentoo.path(`/srv/${name}/file`), '');
    f.environment[name] = `/srv/${name}`;
  }
  const { mountpoint } = await f.mount();
  for (const name of names_) t.deepEqual(names(join(mountpoint, `/srv/${name}`)), ['file'], name);
});

mountTest(`a view inside its own root hides itself${skipped}`, async (t) => {
  const f = await fixture(t);
  const mountpoint = f.gentoo.path('/opt/view');
  mkdirSync(mountpoint, { recursive: true });
  t.is((await f.lvfs('mount', '--show', '/opt', 'dev-libs/foo', mountpoint)).status, 0);
  t.teardown(() => spawnSync('umount', ['-R', '-l', mountpoint]));
  t.is(listOutside(join(mountpoint, 'opt')), '');
  t.is((await f.lvfs('umount', mountpoint)).status, 0);
});

mountTest(
  `views that show each other's places hide each other, and nobody waits for ever${skipped}`,
  async (t) => {
    const f = await fixture(t);
    const places = ['one', 'two', 'three'].map((name) => f.gentoo.path(`/opt/${name}`)) as [
      string,
      string,
      string,
    ];
    for (const place of places) mkdirSync(join(place, 'below'), { recursive: true });
    const [one, two, three] = places;
    t.teardown(() => places.forEach((place) => spawnSync('umount', ['-R', '-l', place])));
    const mount = (place: string): Promise<Result> =>
      f.lvfs('mount', '--no-binds', '--nonempty', '--show', '/opt', 'dev-libs/foo', place);
    t.is((await mount(one)).stderr, '');
    t.deepEqual(listOutside(join(one, 'opt')), 'three\ntwo\n');
    t.is(listOutside(join(one, 'opt/two')), 'below\n');
    // A process that is where another view will be.
    const inside = spawn('sh', ['-c', 'echo; read -r _; ls below 2>&1'], {
      cwd: join(one, 'opt/two'),
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const ended = finished(inside);
    await once(inside.stdout, 'data');
    t.is((await mount(two)).stderr, '');
    t.deepEqual(listOutside(join(one, 'opt')), 'three\n');
    t.deepEqual(listOutside(join(two, 'opt')), 'three\n');
    inside.stdin.end('\n');
    t.regex((await ended).stdout, /No such file or directory/);
    const crawl = (view: string): ChildProcess =>
      spawn('find', [view, '-ls'], { stdio: 'ignore', timeout: 20_000 });
    const ends = await Promise.all([one, two, one, two].map((view) => finished(crawl(view))));
    t.deepEqual(
      ends.map(({ signal }) => signal),
      [null, null, null, null],
    );

    // One that is recorded elsewhere tells nobody.
    const apart = { ...f.environment, LVFS_RUNTIME_DIR: join(f.directory, 'apart') };
    const args = ['mount', '--no-binds', '--nonempty', '--show', '/opt', 'dev-libs/foo', three];
    const stranger = await finished(spawn(process.execPath, [program, ...args], { env: apart }));
    t.is(stranger.stderr, '');
    await until('it is noticed', () => listOutside(join(one, 'opt')) === '');
    t.is(listOutside(join(three, 'opt')), '');
    execFileSync('umount', [three]);
    await until('its end is noticed', () => listOutside(join(two, 'opt')) === 'three\n');
    t.is(listOutside(join(two, 'opt/three')), 'below\n');
    for (const view of [one, two]) t.is((await f.lvfs('umount', view)).stderr, '');
  },
);

mountTest(`a plain umount -R ends the daemon and clears the record${skipped}`, async (t) => {
  const f = await fixture(t);
  const { mountpoint, pid } = await f.mount();
  execFileSync('umount', ['-R', mountpoint]);
  await until('the daemon has ended', () => processStartTime(pid) === undefined);
  t.deepEqual(names(f.runtime), []);
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) {
  mountTest(`${signal} unmounts${skipped}`, async (t) => {
    const f = await fixture(t);
    const { pid } = await f.mount();
    process.kill(pid, signal);
    await until('the daemon has ended', () => processStartTime(pid) === undefined);
    t.deepEqual(f.views(), []);
    t.deepEqual(names(f.runtime), []);
  });
}

/** A process that holds a view busy. */
async function holder(t: ExecutionContext, cwd: string): Promise<ChildProcess> {
  const child = spawn('sleep', ['60'], { cwd, stdio: 'ignore' });
  t.teardown(() => child.kill('SIGKILL'));
  await until('the holder runs', () => readFileSync(`/proc/${child.pid}/comm`, 'utf8') === 'sleep\n');
  return child;
}

mountTest(`a view in use is not unmounted, and who uses it is named${skipped}`, async (t) => {
  const f = await fixture(t);
  const { mountpoint, pid } = await f.mount();
  const { pid: user } = await holder(t, join(mountpoint, 'usr'));
  const result = await f.lvfs('umount', mountpoint);
  t.is(result.status, 1);
  t.is(
    result.stderr,
    `lvfs: ${mountpoint}: is in use by sleep (pid ${user}, cwd)\n` +
      `hint: end what uses it, or: lvfs umount --lazy ${mountpoint}\n`,
  );
  t.is(listOutside(join(mountpoint, 'bin')), 'bash\n');
  t.is((await f.lvfs('umount', '--lazy', mountpoint)).status, 0);
  t.is(processStartTime(pid), undefined);
  t.deepEqual(f.views(), []);
});

/** A process in a mount namespace of its own, which has all that is mounted by then. */
async function namespace(t: ExecutionContext): Promise<ChildProcess> {
  const child = spawn('unshare', ['--mount', '--propagation', 'private', 'sleep', '60'], { stdio: 'ignore' });
  t.teardown(() => child.kill('SIGKILL'));
  await until('the namespace is there', () => readFileSync(`/proc/${child.pid}/comm`, 'utf8') === 'sleep\n');
  return child;
}

mountTest(
  `a view that another mount namespace has is told of at once, and known until that ends${skipped}`,
  async (t) => {
    const f = await fixture(t);
    const { mountpoint, pid } = await f.mount();
    const other = await namespace(t);
    const said = await f.lvfs('umount', mountpoint);
    t.is(said.status, 1);
    t.is(
      said.stderr,
      `lvfs: ${mountpoint}: is unmounted here, but the mount namespace of sleep (pid ${other.pid}) still has it\n` +
        `hint: its daemon ends with that; to end it now: lvfs umount --lazy ${mountpoint}\n`,
    );
    t.deepEqual(f.views(), []);
    t.is(listOutside(`/proc/${other.pid}/root${mountpoint}/bin`), 'bash\n', 'it is served there');
    const { mounts } = JSON.parse((await f.lvfs('status', '--json')).stdout) as { mounts: object[] };
    t.like(mounts[0], { mountpoint, pid, state: 'detached' });
    // The place is free for another one, which is not mistaken for this.
    const again = await f.lvfs('mount', '--no-binds', 'dev-libs/foo', mountpoint);
    t.is(again.status, 0, again.stderr);
    t.is((await f.lvfs('umount', mountpoint)).status, 0);
    t.is((await f.lvfs('umount', mountpoint)).status, 1, 'the first is still held');
    other.kill();
    await until('the daemon has ended', () => processStartTime(pid) === undefined);
    t.deepEqual(names(f.runtime), []);
  },
);

mountTest(`a view that another mount namespace has can be ended all the same${skipped}`, async (t) => {
  const f = await fixture(t);
  const [one, two] = [await f.mount(), await f.mount()];
  await namespace(t);
  execFileSync('umount', ['-R', one.mountpoint]);
  t.deepEqual(await f.lvfs('umount', '--lazy', one.mountpoint), {
    status: 0,
    signal: null,
    stdout: '',
    stderr: '',
  });
  t.deepEqual(await f.lvfs('umount', '--lazy', two.mountpoint), {
    status: 0,
    signal: null,
    stdout: '',
    stderr: '',
  });
  for (const { pid } of [one, two]) t.is(processStartTime(pid), undefined);
  t.deepEqual(names(f.runtime), []);
});

/** The name of a process; undefined when it has ended. */
function commOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8');
  } catch {
    return undefined;
  }
}

mountTest(`what lvfs runs elsewhere holds no other view${skipped}`, async (t) => {
  const f = await fixture(t);
  const [one, two] = [await f.mount(), await f.mount()];
  const programs = ['/bin', '/lib', '/lib64', '/usr'].flatMap((path) =>
    existsSync(path) ? ['--ro', path] : [],
  );
  // One that serves a view itself, and one that is in a mounted one.
  const private_ = f.start('run', ...programs, 'dev-libs/foo', '--', 'sleep', '60');
  const host = await f.mount(...programs);
  const shell = f.start('shell', host.mountpoint, '--', '-c', 'sleep 60');
  const sleeping = (): number => processesNaming(f.runtime).filter((pid) => commOf(pid) === 'sleep\n').length;
  await until('both commands run', () => sleeping() === 2, 60_000);
  for (const { mountpoint, pid } of [one, two]) {
    t.is((await f.lvfs('umount', mountpoint)).stderr, '');
    t.is(processStartTime(pid), undefined);
  }
  const ends = [private_, shell].map(finished);
  for (const child of [private_, shell]) child.kill();
  await Promise.all(ends);
});

mountTest(`the first signal spares a view in use, the second one does not${skipped}`, async (t) => {
  const f = await fixture(t);
  const { mountpoint, pid, directory } = await f.mount();
  await holder(t, mountpoint);
  process.kill(pid, 'SIGTERM');
  await until('the daemon has said why it stays', () =>
    readFileSync(join(directory, 'log'), 'utf8').includes('is in use by sleep'),
  );
  t.is(listOutside(join(mountpoint, 'bin')), 'bash\n');
  process.kill(pid, 'SIGTERM');
  await until('the daemon has ended', () => processStartTime(pid) === undefined);
  t.deepEqual(f.views(), []);
});

mountTest(`a daemon survives its terminal and SIGHUP${skipped}`, async (t) => {
  const f = await fixture(t);
  const mountpoint = f.mountpoint();
  const line = `${process.execPath} ${program} mount dev-libs/foo ${mountpoint}`;
  const child = spawn('script', ['-qec', line, '/dev/null'], {
    env: f.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.is((await finished(child)).status, 0);
  const { stdout } = await f.lvfs('status', '--json');
  const [mount] = (JSON.parse(stdout) as { mounts: { pid: number }[] }).mounts;
  const pid = mount?.pid ?? 0;
  process.kill(pid, 'SIGHUP');
  t.is(listOutside(join(mountpoint, 'bin')), 'bash\n');
  const [, , , , , session, terminal] = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/\(.*\)/, 'x')
    .split(' ');
  t.is(session, String(pid), 'it leads a session of its own');
  t.is(terminal, '0', 'it has no terminal');
  t.is(spawnSync('readlink', [`/proc/${pid}/cwd`], { encoding: 'utf8' }).stdout, '/\n');
  t.is((await f.lvfs('umount', mountpoint)).status, 0);
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  mountTest(`in the foreground ${signal} unmounts and ends with status 0${skipped}`, async (t) => {
    const f = await fixture(t);
    const mountpoint = f.mountpoint();
    const child = f.start('mount', '--foreground', 'dev-libs/foo', mountpoint);
    const end = finished(child);
    await until('the view is announced', async () => (await f.lvfs('status', mountpoint)).status === 0);
    t.is(listOutside(join(mountpoint, 'bin')), 'bash\n');
    child.kill(signal);
    const { status, stdout } = await end;
    t.is(status, 0);
    t.regex(stdout, /mnt0: dev-libs\/foo-1 \(3 packages/);
    t.deepEqual(f.views(), []);
  });
}

mountTest(
  `in the foreground the one process is the only one, however that is asked for${skipped}`,
  async (t) => {
    const f = await fixture(t);
    const mountpoint = f.mountpoint();
    for (const option of ['--foreground', '-f', '-qf']) {
      const child = f.start('mount', option, 'dev-libs/foo', mountpoint);
      const end = finished(child);
      await until('the view is announced', async () => (await f.lvfs('status', mountpoint)).status === 0);
      const sessions = names(f.runtime);
      t.is(sessions.length, 1, option);
      t.true(sessions[0]?.startsWith(`${child.pid}.`), option);
      child.kill('SIGTERM');
      t.is((await end).status, 0, option);
    }
  },
);

mountTest(`mount and umount find the tools of the system without a PATH${skipped}`, async (t) => {
  const f = await fixture(t);
  const mountpoint = f.mountpoint();
  const lvfs = (...args: string[]): Promise<Result> =>
    finished(spawn(process.execPath, [program, ...args], { env: { ...f.environment, PATH: '/nowhere' } }));
  t.like(await lvfs('mount', 'dev-libs/foo', mountpoint), { status: 0, stderr: '' });
  t.like(await lvfs('umount', mountpoint), { status: 0, stderr: '' });
});

mountTest(`in the foreground a view does not depend on who reads what is said${skipped}`, async (t) => {
  const f = await fixture(t);
  const mountpoint = f.mountpoint();
  const line = `"${process.execPath}" "${program}" mount -f dev-libs/foo "${mountpoint}"`;
  for (const nobody of ['| true', '>/dev/full']) {
    const end = finished(
      spawn('bash', ['-c', `${line} ${nobody}; exit "\${PIPESTATUS[0]}"`], { env: f.environment }),
    );
    await until('the view is announced', async () => (await f.lvfs('status', mountpoint)).status === 0);
    t.is(listOutside(join(mountpoint, 'bin')), 'bash\n', nobody);
    t.is((await f.lvfs('umount', mountpoint)).stderr, '');
    t.like(await end, { status: 0, stderr: '' }, nobody);
    t.deepEqual(f.views(), []);
  }
});

mountTest(`a signal at any moment of the start leaves nothing behind${skipped}`, async (t) => {
  const f = await fixture(t);
  const mountpoint = f.mountpoint();
  await f.lvfs('index');
  for (let wait = 0; wait < 500; wait += 35) {
    const child = f.start('mount', '--foreground', 'dev-libs/foo', mountpoint);
    const end = finished(child);
    await new Promise((done) => setTimeout(done, wait));
    child.kill('SIGTERM');
    await end;
    t.deepEqual(f.views(), [], `after ${wait} ms`);
    await f.lvfs('status');
    t.deepEqual(existsSync(f.runtime) ? names(f.runtime) : [], [], `after ${wait} ms`);
  }
});

mountTest(`a starting command that is killed takes its daemon along${skipped}`, async (t) => {
  const f = await fixture(t);
  const mountpoint = f.mountpoint();
  for (let wait = 60; wait < 400; wait += 60) {
    const child = f.start('mount', 'dev-libs/foo', mountpoint);
    const end = finished(child);
    await new Promise((done) => setTimeout(done, wait));
    child.kill('SIGKILL');
    await end;
    // It may have been killed right after the view was there; then the view stays.
    await until('the daemon is gone, or its view is there', async () => {
      if (processesNaming(f.runtime).length === 0) return true;
      const { stdout } = await f.lvfs('status', '--json');
      return (JSON.parse(stdout) as { mounts: unknown[] }).mounts.length > 0;
    });
    t.is((await f.lvfs('umount', '--all')).status, 0);
    t.deepEqual(f.views(), []);
  }
});

mountTest(`after kill -9 status says stale, commands explain, and umount cleans up${skipped}`, async (t) => {
  const f = await fixture(t);
  const { mountpoint, pid } = await f.mount();
  process.kill(pid, 'SIGKILL');
  await until('the daemon is dead', () => processStartTime(pid) === undefined);
  const { mounts } = JSON.parse((await f.lvfs('status', '--json')).stdout) as { mounts: { state: string }[] };
  t.deepEqual(
    mounts.map(({ state }) => state),
    ['stale'],
  );
  const why = await f.lvfs('why', '--mount', mountpoint, '/bin/bash');
  t.is(why.status, 24);
  t.regex(why.stderr, /^lvfs: \S+: its daemon \(pid \d+\) is dead\nhint: lvfs umount /);
  t.is((await f.lvfs('umount', mountpoint)).status, 0);
  t.deepEqual(f.views(), []);
  t.deepEqual(names(f.runtime), []);
});

mountTest(
  `doctor tells of views without a daemon, and takes them away when it is asked to${skipped}`,
  async (t) => {
    const f = await fixture(t);
    const { mountpoint, pid } = await f.mount();
    const living = await f.mount();
    interface Doctor {
      checks: { name: string; state: string; found: string; remedy?: string }[];
      mended?: { name: string; command: string; done?: boolean }[];
    }
    const doctor = async (...options: string[]): Promise<Doctor> =>
      JSON.parse((await f.lvfs('doctor', '--json', ...options)).stdout) as Doctor;
    const views = ({ checks }: Doctor) => checks.find(({ name }) => name === 'views');
    t.is(views(await doctor())?.state, 'ok');
    t.deepEqual((await doctor('--fix')).mended, []);

    process.kill(pid, 'SIGKILL');
    await until('the daemon is dead', () => processStartTime(pid) === undefined);
    t.like(views(await doctor()), {
      state: 'warn',
      found: `without their daemon: ${mountpoint}`,
      remedy: `lvfs umount ${mountpoint}`,
    });
    const told = await f.lvfs('doctor', '--fix', '--dry-run');
    t.regex(told.stdout, /^would do {2}lvfs umount \S+ {2}the daemon of the view at \S+ is dead\n\n/);
    const before = await doctor('--fix', '--dry-run');
    t.deepEqual(
      before.mended?.map(({ command, done }) => [command, done]),
      [[`lvfs umount ${mountpoint}`, undefined]],
    );
    t.is(views(before)?.state, 'warn');

    const after = await doctor('--fix');
    t.like(after.mended?.[0], { name: 'views', done: true });
    t.is(views(after)?.state, 'ok');
    t.deepEqual(f.views(), [living.mountpoint]);
    t.is((await f.lvfs('doctor', '--dry-run')).status, 2);
    t.is((await f.lvfs('umount', living.mountpoint)).status, 0);
  },
);

mountTest(`a daemon that does not answer is detached, and gone then${skipped}`, async (t) => {
  const f = await fixture(t);
  const { mountpoint, pid } = await f.mount();
  process.kill(pid, 'SIGSTOP');
  t.is((await f.lvfs('umount', '--lazy', mountpoint)).stderr, '');
  t.is(processStartTime(pid), undefined);
  t.deepEqual(f.views(), []);
  t.deepEqual(names(f.runtime), []);
});

mountTest(`a stale view that is still in use is cleaned up too${skipped}`, async (t) => {
  const f = await fixture(t);
  const { mountpoint, pid } = await f.mount();
  await holder(t, mountpoint);
  process.kill(pid, 'SIGKILL');
  await until('the daemon is dead', () => processStartTime(pid) === undefined);
  t.is((await f.lvfs('umount', mountpoint)).status, 0);
  t.deepEqual(f.views(), []);
});

mountTest(`a view whose record is lost is told apart and can be unmounted${skipped}`, async (t) => {
  const f = await fixture(t);
  const { mountpoint, pid, directory } = await f.mount();
  process.kill(pid, 'SIGKILL');
  await until('the daemon is dead', () => processStartTime(pid) === undefined);
  execFileSync('rm', ['-r', directory]);
  const { status, stderr } = await f.lvfs('status', mountpoint);
  t.is(status, 24);
  t.regex(stderr, /^lvfs: \S+: a view is mounted there, but its daemon is unknown\nhint: lvfs umount \S+\n$/);
  t.is((await f.lvfs('umount', mountpoint)).status, 0);
  t.deepEqual(f.views(), []);
});

mountTest(
  `a connection that is cut ends the daemon, and status says so until something is mounted there${skipped}`,
  async (t) => {
    const f = await fixture(t);
    const { mountpoint, pid } = await f.mount('--verbose');
    await holder(t, mountpoint);
    // Cuts the connection; the mount itself stays, since it is in use.
    t.not(spawnSync('umount', ['-f', mountpoint]).status, 0);
    await until('the daemon has ended', () => processStartTime(pid) === undefined);
    t.deepEqual(f.views(), []);
    const { mounts } = JSON.parse((await f.lvfs('status', '--json')).stdout) as {
      mounts: Record<string, unknown>[];
    };
    t.is(mounts[0]?.['state'], 'failed');
    t.is(mounts[0]?.['failure'], 'the connection was aborted');
    t.regex(readFileSync(String(mounts[0]?.['log']), 'utf8'), /the connection was aborted/);
    const again = await f.lvfs('mount', 'dev-libs/foo', mountpoint);
    t.is(again.status, 0, again.stderr);
    t.regex(
      (await f.lvfs('status', '--json')).stdout,
      /^\{"schemaVersion":1,"mounts":\[\{[^[]*"state":"serving"/,
    );
    t.is((await f.lvfs('umount', mountpoint)).status, 0);
  },
);

mountTest(`the record of a daemon that failed is cleared by umount${skipped}`, async (t) => {
  const f = await fixture(t);
  const { mountpoint, pid } = await f.mount();
  await holder(t, mountpoint);
  spawnSync('umount', ['-f', mountpoint]);
  await until('the daemon has ended', () => processStartTime(pid) === undefined);
  t.is((await f.lvfs('umount', mountpoint)).status, 0);
  t.deepEqual(names(f.runtime), []);
});

mountTest(`several threads may serve a view${skipped}`, async (t) => {
  const f = await fixture(t);
  const threads = Math.min(3, testDriver().capabilities.maxThreads);
  const { mountpoint } = await f.mount('--threads', '3');
  t.deepEqual(names(join(mountpoint, 'usr/include')), ['bar.h', 'zlib.h']);
  t.regex((await f.lvfs('status', '--json', mountpoint)).stdout, new RegExp(`"threads":${threads}`));
  t.is((await f.lvfs('umount', mountpoint)).status, 0);
});

mountTest(`several views live side by side, and --all ends them${skipped}`, async (t) => {
  const f = await fixture(t);
  const one = await f.mount();
  const two = await f.mount('--with', 'dev-libs/hidden');
  const three = await f.mount(
    '--no-system',
    '--without',
    'sys-libs/zlib',
    '--hide',
    '/usr/include/bar.h',
    '--show',
    '/usr/include/hidden.h',
  );
  t.deepEqual(names(join(one.mountpoint, 'usr/include')), ['bar.h', 'zlib.h']);
  t.deepEqual(names(join(two.mountpoint, 'usr/include')), ['bar.h', 'hidden.h', 'zlib.h']);
  t.deepEqual(names(join(three.mountpoint, 'usr/include')), ['hidden.h']);
  t.false(existsSync(join(three.mountpoint, 'bin/bash')));
  t.is((await f.lvfs('umount', '--all')).status, 0);
  t.deepEqual(f.views(), []);
});

mountTest(`why --mount answers as why --for does${skipped}`, async (t) => {
  const f = await fixture(t);
  const { mountpoint } = await f.mount();
  const paths = [
    '/usr/include/zlib.h',
    '/usr/include/hidden.h',
    '/usr/include',
    '/nowhere',
    '/tmp/x',
    '/etc/portage/make.conf',
  ];
  const mounted = await f.lvfs('why', '--json', '--mount', mountpoint, ...paths);
  const planned = await f.lvfs('why', '--json', '--for', 'dev-libs/foo', ...paths);
  t.is(mounted.status, 0);
  t.is(mounted.stdout, planned.stdout);
  const { paths: answers } = JSON.parse(mounted.stdout) as { paths: Record<string, unknown>[] };
  t.deepEqual(
    answers.map(({ rule }) => rule),
    ['owned', 'hidden-owner', 'owned', 'absent', 'absent', 'system'],
  );
});

mountTest(`the control socket refuses what is no request and stays up${skipped}`, async (t) => {
  const f = await fixture(t);
  const { directory, mountpoint } = await f.mount();
  const path = join(directory, 'control.sock');
  const speak = (text: string): Promise<Record<string, unknown>[]> =>
    new Promise((done, fail) => {
      const socket = createConnection(path);
      let received = '';
      const answers = (): Record<string, unknown>[] =>
        received
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line) as Record<string, unknown>);
      socket.setEncoding('utf8').on('data', (data: string) => {
        received += data;
        if (answers().length === 2) socket.destroy();
      });
      socket.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') fail(error);
      });
      socket.on('close', () => done(answers()));
      socket.write(text);
    });
  const error = (answers: Record<string, unknown>[]): unknown =>
    (answers[1]?.['error'] as { code?: string } | undefined)?.code;
  const [hello] = await speak('{"id":1,"method":"status"}\n');
  t.is(hello?.['protocol'], 1);
  t.is(hello?.['mountpoint'], mountpoint);
  t.is(error(await speak('hello\n')), 'BAD_REQUEST');
  t.is(error(await speak('{"id":1}\n')), 'BAD_REQUEST');
  t.is(error(await speak('[1,2]\n')), 'BAD_REQUEST');
  t.is(error(await speak('{"id":"a","method":"toString"}\n')), 'BAD_REQUEST');
  t.is(error(await speak('{"id":1,"method":"why","params":{"paths":3}}\n')), 'BAD_REQUEST');
  t.is(error(await speak('x'.repeat((1 << 20) + 1))), 'BAD_REQUEST');
  t.is((await f.lvfs('status', mountpoint)).status, 0);
  t.is(spawnSync('stat', ['-c', '%a', directory], { encoding: 'utf8' }).stdout, '700\n');
});

const helpers = fileURLToPath(new URL('../../../mount-helper', import.meta.url));

/** Runs the mount helper with lvfs of this build. */
function runHelper(f: Sandbox, ...args: string[]): Promise<Result> {
  const command = join(f.directory, 'lvfs');
  if (!existsSync(command)) symlinkSync(program, command);
  const wrapper = join(f.directory, 'wrapper');
  writeFileSync(wrapper, `#!/bin/sh\nexec ${process.execPath} ${program} "$@"\n`, { mode: 0o755 });
  return finished(
    spawn(join(helpers, 'mount.lvfs'), args, {
      env: { ...f.environment, MOUNT_LVFS_COMMAND: wrapper },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
}

mountTest(`mount.lvfs mounts with the options of mount(8) and fstab${skipped}`, async (t) => {
  const f = await fixture(t);
  const mountpoint = f.mountpoint();
  const options = 'rw,noauto,user,x-systemd.automount,with=dev-libs/hidden,hide="/usr/include/{bar,none}.h"';
  const result = await runHelper(f, 'dev-libs/foo', mountpoint, '-n', '-o', options);
  t.deepEqual(result, { status: 0, signal: null, stdout: '', stderr: '' });
  t.deepEqual(names(join(mountpoint, 'usr/include')), ['hidden.h', 'zlib.h']);
  execFileSync('umount', ['-R', mountpoint]);
  await until('the record is cleared', () => names(f.runtime).length === 0);
});

/**
 * Runs a shell script where the helpers are installed, /etc/fstab is `table`, and `lvfs` is that of this build. The script is
 * run in this mount namespace, in which it mounts.
 */
function withHelpers(f: Fixture, table: string, script: string): Promise<Result> {
  const [bin, overlay] = ['bin', 'overlay'].map((name) => join(f.directory, name)) as [string, string];
  for (const directory of [bin, overlay]) mkdirSync(directory, { recursive: true });
  for (const name of ['mount.lvfs', 'umount.fuse.lvfs']) copyFileSync(join(helpers, name), join(bin, name));
  writeFileSync(join(bin, 'lvfs'), `#!/bin/sh\nexec ${process.execPath} ${program} "$@"\n`, { mode: 0o755 });
  writeFileSync(join(f.directory, 'fstab'), table);
  const sbin = realpathSync('/sbin');
  const prepare = `mount -t overlay -o "lowerdir=$1:${sbin}" overlay ${sbin} && mount --bind "$2" /etc/fstab || exit 99`;
  const undo = `umount -i ${sbin} /etc/fstab`;
  return finished(
    spawn('sh', ['-c', `${prepare}\ntrap '${undo}' EXIT\n${script}`, 'sh', bin, join(f.directory, 'fstab')], {
      env: f.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
}

const inNamespace = process.env['LVFS_TEST_NAMESPACE'] === 'own';
const overlays = readFileSync('/proc/filesystems', 'utf8').includes('\toverlay\n');
// What libfuse mounts names no helper of umount(8), which then meets what is mounted over a view.
const namesHelper = testDriver().name === 'kernel';
const installedTest =
  namesHelper && inNamespace && overlays && existsSync('/etc/fstab') ? mountTest : test.skip;
const notInstalled = !namesHelper
  ? ' (skipped: only the kernel driver names the helper of umount)'
  : inNamespace
    ? overlays
      ? skipped
      : ' (skipped: no overlayfs)'
    : ' (skipped: not in a namespace)';

installedTest(
  `mount and umount work as with any other filesystem, by fstab too${notInstalled}`,
  async (t) => {
    const f = await fixture(t);
    const [one, two] = [f.mountpoint(), f.mountpoint()];
    const options = 'noauto,user,nofail,_netdev,x-systemd.automount,x-systemd.idle-timeout=60';
    const table = `dev-libs/foo ${one} lvfs ${options} 0 0\n`;
    const { stdout, stderr, status } = await withHelpers(
      f,
      table,
      `set -e
     mount ${one}
     grep -c " ${one}/" /proc/self/mountinfo
     umount ${one}
     mount -t lvfs dev-libs/foo ${two}
     (cd ${two} && ! umount ${two})
     umount ${two}
     ! grep ' ${f.directory}/mnt' /proc/self/mountinfo`,
    );
    t.is(status, 0, stderr);
    t.true(Number(stdout) > 5, 'what builds need is mounted over it');
    t.regex(stderr, /^lvfs: \S+mnt1: is in use by sh \(pid \d+, cwd\), umount \(pid \d+, cwd\)\nhint: .*\n$/);
    t.deepEqual(names(f.runtime), []);
  },
);

const helperAnswers = test.macro<[args: string[], status: number, stderr: RegExp]>({
  async exec(t, args, status, stderr) {
    const box = sandbox();
    t.teardown(() => box.cleanup());
    const result = await runHelper(box, ...args);
    t.is(result.status, status, result.stderr);
    t.regex(result.stderr, stderr);
  },
  title: (_, args, status) => `'mount.lvfs ${args.join(' ')}' ends with status ${status}`,
});
test(helperAnswers, [], 1, /^mount\.lvfs: an atom and a directory are needed\nhint: /);
test(helperAnswers, ['a/b', '/x', '-o', 'bogus'], 1, /unknown mount option 'bogus'/);
test(helperAnswers, ['a/b', '/x', '-s', '-f', '-o', 'bogus'], 0, /^$/);
test(helperAnswers, ['a/b', '/x', '-o', 'suid'], 1, /suid: not possible with a view/);
test(helperAnswers, ['a/b', '/x', '-o', 'noexec'], 1, /noexec: not possible with a view/);
test(helperAnswers, ['a/b', '/x', '-o', 'user,noexec,exec,noexec', '-f'], 0, /^$/);
test(helperAnswers, ['a/b', '/x', '-f', '-o', 'rw,noexec,nosuid,nodev,users,nofail,_netdev'], 0, /^$/);
test(helperAnswers, ['a/b', '/x', '-o', 'remount,with=x/y'], 1, /remount: a view is changed with lvfs allow/);
test(helperAnswers, ['a/b', '/x', '-o', 'with="a/b'], 1, /a double quote is not closed/);
test(helperAnswers, ['a/b', '/x', '-N', '/proc/1/ns/mnt'], 1, /another namespace is not supported/);
test(helperAnswers, ['a/b', '/x', 'y'], 1, /'y' is one operand too many/);
test(helperAnswers, ['-x/b', '/no/such/dir', '-o', 'threads=99'], 1, /'99' is not a whole number/);

test('without root the reason is given', async (t) => {
  if (process.getuid?.() !== 0) {
    t.log('already an ordinary user');
  }
  const box = sandbox({ LVFS_DRIVER: 'kernel' });
  t.teardown(() => box.cleanup());
  const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups'];
  const inner = [process.execPath, program, 'mount', 'a/b', '/tmp'];
  const runtime = join('/tmp', `lvfs-nobody-${process.pid}`);
  const child = spawn('setpriv', [...nobody, ...inner], {
    env: { ...box.environment, HOME: '/nonexistent', LVFS_RUNTIME_DIR: runtime, LVFS_CACHE: runtime },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.teardown(() => {
    if (existsSync(runtime)) rmdirSync(runtime);
  });
  const { status, stderr } = await finished(child);
  t.is(status, 23, stderr);
  t.regex(stderr, /^lvfs: mounting a view needs root\nhint: /);
});

mountTest(`without /dev/fuse the reason is given${skipped}`, async (t) => {
  const f = await fixture(t);
  const mountpoint = f.mountpoint();
  const line = `mount -t tmpfs none /dev && exec "$@"`;
  const child = spawn(
    'unshare',
    ['-m', 'sh', '-c', line, 'sh', process.execPath, program, 'mount', 'dev-libs/foo', mountpoint],
    {
      env: f.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const { status, stderr } = await finished(child);
  t.is(status, 23, stderr);
  t.regex(
    stderr,
    /^lvfs: (\/dev\/fuse: does not exist|libfuse: .*device not found.*)\nhint: .*modprobe fuse/,
  );
});

mountTest(`a /dev/fuse that is something else is not used${skipped}`, async (t) => {
  const f = await fixture(t);
  const line = `mount --bind /dev/null /dev/fuse && exec "$@"`;
  const lvfs = [process.execPath, program, 'mount', 'dev-libs/foo', f.mountpoint()];
  const child = spawn('unshare', ['-m', 'sh', '-c', line, 'sh', ...lvfs], { env: f.environment });
  const { status, stderr } = await finished(child);
  t.is(status, 23, stderr);
  t.regex(stderr, /^lvfs: \/dev\/fuse: is not the device of FUSE\nhint: mknod /);
});

mountTest(`doctor does not take another /dev/fuse for the device${skipped}`, async (t) => {
  const f = await fixture(t);
  const line = `mount --bind /dev/null /dev/fuse && exec "$@"`;
  const doctor = [process.execPath, program, 'doctor', '--json'];
  const child = spawn('unshare', ['-m', 'sh', '-c', line, 'sh', ...doctor], { env: f.environment });
  const { ready, checks, users } = JSON.parse((await finished(child)).stdout) as {
    ready: boolean;
    checks: { name: string }[];
    users: { open: boolean; obstacles: { found: string }[] }[];
  };
  t.false(ready);
  t.like(
    checks.find(({ name }) => name === '/dev/fuse'),
    { state: 'fail', found: 'is not the device of FUSE' },
  );
  for (const { open, obstacles } of users) {
    t.false(open);
    t.is(obstacles.at(-1)?.found, '/dev/fuse: is not the device of FUSE');
  }
});

mountTest(`what the host's package manager does is seen by the view within a second${skipped}`, async (t) => {
  const f = await fixture(t);
  const { mountpoint } = await f.mount();
  const include = join(mountpoint, 'usr/include');
  t.deepEqual(names(include), ['bar.h', 'zlib.h']);
  t.false(existsSync(join(include, 'bar2.h')));
  // A new version of a visible package, with another file and without the old one.
  f.gentoo.install('dev-libs/bar-2', { RDEPEND: 'sys-libs/zlib', files: { '/usr/include/bar2.h': 'bar2' } });
  f.gentoo.uninstall('dev-libs/bar-1');
  await until('the new file is seen', () => existsSync(join(include, 'bar2.h')), 2000);
  t.deepEqual(names(include), ['bar2.h', 'zlib.h']);
  t.false(existsSync(join(include, 'bar.h')));
  // A package of a category that was not there before.
  f.gentoo.install('new-category/new-1', { files: { '/usr/include/new.h': 'new' } });
  f.gentoo.install('sys-libs/zlib-1.4', {
    RDEPEND: 'new-category/new',
    files: { '/usr/include/zlib4.h': 'x' },
  });
  await until('what it needs is seen', () => existsSync(join(include, 'new.h')), 2000);
  const { stdout } = await f.lvfs('status', '--json', mountpoint);
  t.regex(stdout, /"changes":[1-9]/);
});

mountTest(`configuration that changes without a merge is seen as it is${skipped}`, async (t) => {
  const f = await fixture(t);
  const host = join(f.gentoo.root, 'etc/local');
  mkdirSync(join(host, 'old'), { recursive: true });
  writeFileSync(join(host, 'kept'), 'before');
  writeFileSync(join(host, 'removed'), '');
  writeFileSync(join(host, 'old/file'), 'first');
  const { mountpoint } = await f.mount('--show', '/etc/local');
  const inside = join(mountpoint, 'etc/local');
  const state = (): unknown => [
    readdirSync(inside).sort(),
    readFileSync(join(inside, 'kept'), 'utf8'),
    ['made', 'removed', 'old/file'].map((name) => existsSync(join(inside, name))),
    existsSync(join(inside, 'new/file')) && readFileSync(join(inside, 'new/file'), 'utf8'),
  ];
  t.deepEqual(state(), [['kept', 'old', 'removed'], 'before', [false, true, true], false]);

  writeFileSync(join(host, 'kept'), 'after, and longer');
  writeFileSync(join(host, 'made'), '');
  rmSync(join(host, 'removed'));
  renameSync(join(host, 'old'), join(host, 'new'));
  const expected = [['kept', 'made', 'new'], 'after, and longer', [true, false, false], 'first'];
  await until('all changes are seen', () => isDeepStrictEqual(state(), expected));
  t.deepEqual(state(), expected);

  // The renamed directory is watched like any other.
  writeFileSync(join(host, 'new/file'), 'second');
  await until('the new content is seen', () => readFileSync(join(inside, 'new/file'), 'utf8') === 'second');
  t.is(readFileSync(join(inside, 'new/file'), 'utf8'), 'second');
});
