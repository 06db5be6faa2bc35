import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { LvfsError } from '../../../../src/base/index.js';
import {
  planBinds,
  resolveInside,
  type BindPlan,
  type BindSystem,
} from '../../../../src/daemon/overlay/binds.js';
import type { BindRequest } from '../../../../src/daemon/request.js';

function root(t: ExecutionContext, ...directories: string[]): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'lvfs-binds-')));
  t.teardown(() => rmSync(path, { recursive: true }));
  for (const directory of directories) mkdirSync(join(path, directory), { recursive: true });
  return path;
}

function system(top: string, variables: Record<string, string> = {}, apart?: string): BindSystem {
  const database = apart ?? join(top, 'var/db/pkg');
  return {
    root: top,
    sysroot: '',
    database,
    databases: [database],
    userConfiguration: join(top, 'etc/portage'),
    variable: (name) => variables[name],
    repositories: () => [{ name: 'gentoo', location: join(top, 'var/db/repos/gentoo') }],
  };
}

const everything: BindRequest = { defaults: true, create: false, binds: [], readOnlyBinds: [] };
const options = { prefix: '', reserved: [], own: [] };

function at(plan: BindPlan, target: string) {
  return plan.binds.filter((bind) => bind.target === target);
}

test('what builds write to comes from Portage, each directory once', (t) => {
  const top = root(t, 'tmp', 'var/tmp', 'big', 'var/db/pkg', 'var/db/repos/gentoo', 'etc/portage');
  const plan = planBinds(
    system(top, {
      PORTAGE_TMPDIR: '/var/tmp',
      DISTDIR: '/big',
      PKGDIR: '/var/tmp/packages',
      FEATURES: 'ccache',
    }),
    everything,
    options,
  );
  t.deepEqual(at(plan, '/big'), [{ target: '/big', kind: 'bind', source: join(top, 'big') }]);
  t.is(at(plan, '/var/tmp').length, 1);
  t.deepEqual(at(plan, '/var/tmp/packages'), [], 'it is made in /var/tmp by whoever wants it');
  t.deepEqual(at(plan, '/var/cache/ccache'), [{ target: '/var/cache/ccache', kind: 'memory' }]);
  t.deepEqual(at(plan, '/var/log'), [{ target: '/var/log', kind: 'memory' }]);
  t.false(existsSync(join(top, 'var/log')));
});

test('the view’s own package database lies over the host’s /var/db, and repositories are read-only', (t) => {
  const top = root(t, 'var/db/pkg', 'var/db/repos/gentoo', 'etc/portage');
  const { binds } = planBinds(system(top), everything, options);
  const order = binds.map(({ target }) => target).filter((target) => target.startsWith('/var/db'));
  t.deepEqual(order, ['/var/db', '/var/db/pkg', '/var/db/repos/gentoo']);
  t.like(
    binds.find(({ target }) => target === '/var/db'),
    { kind: 'bind', source: join(top, 'var/db') },
  );
  t.like(
    binds.find(({ target }) => target === '/var/db/pkg'),
    { kind: 'database' },
  );
  t.true(binds.find(({ target }) => target === '/var/db/repos/gentoo')?.readOnly);
});

test('a database set apart gets a /var/db in memory', (t) => {
  const top = root(t, 'var/db/pkg', 'var/db/repos/gentoo', 'etc/portage');
  const plan = planBinds(system(top, {}, '/elsewhere'), everything, options);
  t.deepEqual(at(plan, '/var/db'), [{ target: '/var/db', kind: 'memory' }]);
});

test('only what emerge itself would make is made on the host, and only for a build', (t) => {
  const top = root(t, 'var/db/pkg', 'etc/portage');
  const portage = system(top, { DISTDIR: '/var/cache/distfiles', PORTAGE_TMPDIR: '/scratch' });
  planBinds(portage, everything, options);
  t.false(existsSync(join(top, 'var/cache')));
  planBinds(portage, { ...everything, create: true }, options);
  t.true(existsSync(join(top, 'var/cache/distfiles')));
  t.false(existsSync(join(top, 'scratch')));
});

test('a mount point is named without links, which are resolved as though chrooted', (t) => {
  const top = root(t, 'data/tmp', 'var', 'var/db/pkg', 'etc/portage');
  symlinkSync('/data/tmp', join(top, 'var/tmp'));
  symlinkSync('../../../data', join(top, 'var/up'));
  symlinkSync('loop', join(top, 'loop'));
  t.is(resolveInside(top, '/var/tmp/portage'), '/data/tmp/portage');
  t.is(resolveInside(top, '/var/up/x'), '/data/x');
  t.is(resolveInside(top, '/loop/x'), '/loop/x');
  const plan = planBinds(system(top), everything, options);
  t.deepEqual(at(plan, '/data/tmp'), [{ target: '/data/tmp', kind: 'bind', source: join(top, 'data/tmp') }]);
});

test('what lvfs itself keeps is empty inside, wherever it would be seen', (t) => {
  const top = root(t, 'tmp', 'var/db/pkg', 'etc/portage', 'srv/run');
  const own = [join(top, 'tmp/run'), join(top, 'srv/run')];
  const request = { ...everything, binds: [`${top}/srv:/mnt`], readOnlyBinds: [`${top}/srv/run:/opt`] };
  const plan = planBinds(system(top), request, { ...options, own });
  const shown = plan.binds.filter(({ kind }) => kind === 'memory').map(({ target }) => target);
  for (const place of ['/tmp/run', '/mnt/run', '/opt']) t.true(shown.includes(place), place);
  t.is(plan.binds.at(-1)?.kind, 'memory', 'over what was bound');
});

test('with --no-binds there is only what was asked for', (t) => {
  const top = root(t, 'etc/portage');
  const request: BindRequest = {
    defaults: false,
    create: false,
    binds: ['/usr:/mnt/usr'],
    readOnlyBinds: ['/etc'],
  };
  t.deepEqual(planBinds(system(top), request, options).binds, [
    { target: '/mnt/usr', kind: 'bind', source: '/usr' },
    { target: '/etc', kind: 'bind', source: '/etc', readOnly: true },
  ]);
});

for (const text of [
  '',
  ':/x',
  '/usr:',
  '/usr:relative',
  '/usr:/',
  '/no/such',
  `/usr:/${'x'.repeat(256)}/y`,
]) {
  test(`--bind '${text.slice(0, 20)}' is refused as wrong usage`, (t) => {
    const top = root(t, 'etc/portage');
    const request: BindRequest = { defaults: false, create: false, binds: [text], readOnlyBinds: [] };
    const error = t.throws(() => planBinds(system(top), request, options), { instanceOf: LvfsError });
    t.is(error.exit, 2);
    t.is(error.code, 'BAD_BIND');
  });
}
