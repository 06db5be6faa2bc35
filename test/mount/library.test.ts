/** The library as programs use it: imported by its name, from what is built. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import * as lvfs from 'lvfs';
import { host, nothingLeft, withCommands, type Commands } from '../helpers/commands.js';
import { whyNotMount } from '../helpers/inView.js';
import { testDriver } from '../helpers/withMemoryMount.js';

const reason = whyNotMount();
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;
const example = fileURLToPath(new URL('../../../examples/library.js', import.meta.url));

interface Fixture extends Commands {
  mountpoint: string;
  places: { root: string; cache: string };
}

async function fixture(t: ExecutionContext): Promise<Fixture> {
  const f = await withCommands(t, {
    packages: {
      'dev-libs/header-1': { files: { '/usr/include/header.h': 'header', '/opt/header/header.h': 'header' } },
    },
  });
  const mountpoint = join(f.directory, 'view');
  mkdirSync(mountpoint);
  const before = process.env['LVFS_RUNTIME_DIR'];
  process.env['LVFS_RUNTIME_DIR'] = f.environment['LVFS_RUNTIME_DIR'];
  t.teardown(() => {
    if (before === undefined) delete process.env['LVFS_RUNTIME_DIR'];
    else process.env['LVFS_RUNTIME_DIR'] = before;
  });
  return { ...f, mountpoint, places: { root: f.gentoo.root, cache: join(f.directory, 'cache') } };
}

const driver = testDriver().name === 'libfuse' ? 'libfuse' : 'kernel';

mountTest(`the example of the library says what was missing, and shows it${skipped}`, async (t) => {
  const f = await fixture(t);
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [example, 'dev-libs/foo', f.mountpoint, 'cat', 'usr/include/header.h'],
    { env: f.environment, encoding: 'utf8' },
  );
  t.is(status, 0, stderr);
  const lines = stdout.split('\n');
  t.regex(lines[0] ?? '', /^dev-libs\/foo-1 may use \d+ of the installed packages$/);
  t.deepEqual(lines.slice(1), [
    'cat looked for /usr/include/header.h of dev-libs/header-1',
    'DEPEND="dev-libs/header"',
    'header',
  ]);
  t.true(readFileSync(example, 'utf8').trimEnd().split('\n').length <= 32);
  const unknown = spawnSync(process.execPath, [example, 'dev-libs/fo', f.mountpoint, 'true'], {
    env: f.environment,
    encoding: 'utf8',
  });
  t.is(unknown.status, lvfs.exitStatus.noPackage);
  t.regex(unknown.stderr, /dev-libs\/foo/);
  await nothingLeft(t, f);
});

mountTest(`a view is mounted, asked, changed and unmounted by calls${skipped}`, async (t) => {
  const f = await fixture(t);
  const view = await lvfs.mountView(['dev-libs/foo'], f.mountpoint, {
    ...f.places,
    driver,
    binds: { defaults: false },
  });
  t.is(view.mountpoint, f.mountpoint);
  t.deepEqual((await view.status()).targets, ['dev-libs/foo-1']);
  t.deepEqual(
    (await lvfs.listViews()).map(({ mountpoint }) => mountpoint),
    [f.mountpoint],
  );
  const rule = async (): Promise<string | null | undefined> =>
    (await view.why(['/usr/include/header.h']))[0]?.rule;
  t.is(await rule(), 'hidden-owner');
  t.deepEqual((await view.allow(['dev-libs/header'])).shown, ['dev-libs/header-1']);
  t.is(await rule(), 'owned');
  t.deepEqual((await view.deny(['dev-libs/header'])).hidden, ['dev-libs/header-1']);
  t.true((await view.packages()).hidden.includes('dev-libs/header-1'));
  const other = await lvfs.openView(f.mountpoint);
  const following = other.follow(() => undefined);
  t.deepEqual((await view.retarget(['dev-libs/other'])).targets, ['dev-libs/other-2']);
  await view.umount();
  await following;
  await t.throwsAsync(other.status(), { instanceOf: lvfs.LvfsError, code: 'NO_ANSWER' });
  await t.throwsAsync(lvfs.unmountView(f.mountpoint), { instanceOf: lvfs.LvfsError });
  await nothingLeft(t, f);
});

mountTest(`commands run in a private view, which leaves nothing${skipped}`, async (t) => {
  const f = await fixture(t);
  const system = lvfs.openSystem(f.places);
  t.deepEqual(
    (await system.why(['/usr/include/header.h'])).map(({ owners }) => owners),
    [['dev-libs/header-1']],
  );
  t.is((await system.why(['/usr/include/header.h'], ['dev-libs/foo']))[0]?.visible, false);
  await lvfs.startAhead('inside');
  const readOnlyBinds = host.filter((word) => word !== '--ro');
  const view = await system.privateView(['dev-libs/foo'], {
    driver,
    binds: { defaults: true, readOnlyBinds },
  });
  const run = (file: string) => view.run(['cat', file], { capture: true });
  t.deepEqual(await run('/opt/bar/bar.h'), { code: 0, signal: null });
  t.is(await view.output(), 'bar');
  t.is((await run('/opt/header/header.h')).code, 1);
  t.deepEqual((await view.allow(['dev-libs/header'])).shown, ['dev-libs/header-1']);
  t.is((await run('/opt/header/header.h')).code, 0);
  await view.close();
  await lvfs.dismissAhead();
  const cancelled = new AbortController();
  cancelled.abort();
  await t.throwsAsync(system.privateView(['dev-libs/foo'], { signal: cancelled.signal }), {
    code: 'CANCELLED',
  });
  await nothingLeft(t, f);
});

const commandOf = (file: string): string => `cat ${file} || { echo 'cat: ${file}: missing'; exit 1; }`;

mountTest(`a build is asked for, and what it lacked is proved${skipped}`, async (t) => {
  const f = await fixture(t);
  const system = lvfs.openSystem(f.places);
  const heard: string[] = [];
  const options = {
    driver,
    binds: { readOnlyBinds: host.filter((word) => word !== '--ro') },
    onDenial: ({ path }: lvfs.Denial) => heard.push(path),
  } as const;
  const failed = await system.build(['dev-libs/foo'], {
    ...options,
    command: commandOf('/opt/header/header.h'),
    html: true,
  });
  t.is(failed.status, 1);
  t.like(failed.proof, { outcome: 'needs', packages: ['dev-libs/header-1'] });
  t.regex(failed.html ?? '', /dev-libs\/header/);
  t.true(heard.some((path) => path.startsWith('/opt/header')));
  const good = await system.build(['dev-libs/foo'], { ...options, command: commandOf('/opt/bar/bar.h') });
  t.like(good, { status: 0, output: 'bar', interrupted: false });
  t.deepEqual(good.report.missing, []);
  const cancelled = new AbortController();
  const ended = system.build(['dev-libs/foo'], {
    ...options,
    command: 'cat /opt/header/header.h; sleep 1000',
    signal: cancelled.signal,
    onDenial: () => cancelled.abort(),
  });
  t.like(await ended, { interrupted: true, status: 143 });
  await nothingLeft(t, f);
});

mountTest(`many are checked, until enough is known${skipped}`, async (t) => {
  const f = await fixture(t);
  const system = lvfs.openSystem(f.places);
  const heard: string[] = [];
  await system.check(
    ['dev-libs/foo', 'dev-libs/no-such', 'dev-libs/other'],
    {
      driver,
      binds: { readOnlyBinds: host.filter((word) => word !== '--ro') },
      command: 'true',
      jobs: 1,
      onBegin: (target) => heard.push(`begins ${target}`),
    },
    ({ target, outcome, error }) => {
      heard.push(`${target} ${outcome?.status ?? error?.code ?? ''}`);
      return error === undefined;
    },
  );
  t.deepEqual(heard, [
    'begins dev-libs/foo',
    'dev-libs/foo 0',
    'begins dev-libs/no-such',
    'dev-libs/no-such UNKNOWN_PACKAGE',
  ]);
  const plan = await system.planFix('dev-libs/foo', { builds: 3 });
  t.like(plan, { target: 'dev-libs/foo-1', builds: 3 });
  t.regex(plan.steps[0] ?? '', /^build it with what it declares/);
  await nothingLeft(t, f);
});

test('what is wrong is an LvfsError with the status that the command would end with', async (t) => {
  const system = lvfs.openSystem({ root: '/nonexistent/root', cache: '/nonexistent/cache' });
  const error = await t.throwsAsync(system.plan(['dev-libs/foo']), { instanceOf: lvfs.LvfsError });
  t.is(error?.exit, lvfs.exitStatus.portageData);
  await t.throwsAsync(lvfs.openView('/nonexistent'), { instanceOf: lvfs.LvfsError });
  t.is(lvfs.apiVersion, 1);
  t.regex(lvfs.version(), /^\d+\.\d+\.\d+/);
});
