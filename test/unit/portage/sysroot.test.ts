/** Builds for a sysroot: which of the two systems a dependency is looked for in, and what its packages need there. */
import { symlinkSync } from 'node:fs';
import test from 'ava';
import { LvfsError } from '../../../src/base/index.js';
import { openSystem, type SetRequest, type System, type VisibleSet } from '../../../src/portage/index.js';
import { chost, crossRoot, type CrossRoot } from '../../helpers/crossRoot.js';
import { origin } from '../../helpers/origin.js';
import { pkg } from '../../helpers/installed.js';

let cross: CrossRoot;
let system: System;

/** The same cpv of `both` is in the two databases; the other names say where each is. */
test.before(async () => {
  cross = await crossRoot({
    host: {
      packages: {
        'dev-libs/both-1': { RDEPEND: 'dev-libs/onlyhost' },
        'dev-libs/onlyhost-1': {},
        'dev-util/tool-1': { RDEPEND: 'dev-libs/both' },
        'sys-apps/coreutils-9': {},
        [`cross-${chost}/gcc-13`]: { RDEPEND: 'dev-libs/gmp' },
        [`cross-${chost}/glibc-2.40`]: {},
        'cross-riscv64-unknown-linux-gnu/gcc-13': {},
        'dev-libs/gmp-6': {},
      },
      ebuilds: {
        'app-misc/eight-1': {
          IUSE: 'extra',
          DEPEND: 'dev-libs/both',
          BDEPEND: 'dev-util/tool extra? ( dev-libs/onlyhost )',
          RDEPEND: 'app-misc/runtime',
        },
        'app-misc/seven-1': { EAPI: '7', DEPEND: 'dev-libs/onlytarget', BDEPEND: 'dev-libs/both' },
        'app-misc/six-1': { EAPI: '6', DEPEND: 'dev-libs/both' },
        'app-misc/lacks-1': { DEPEND: 'dev-util/tool', BDEPEND: 'dev-libs/onlytarget' },
        'app-misc/versions-1': { KEYWORDS: 'amd64' },
        'app-misc/versions-2': { KEYWORDS: '~amd64' },
      },
      system: ['sys-apps/coreutils'],
    },
    target: {
      packages: {
        'dev-libs/both-1': { RDEPEND: 'dev-libs/onlytarget' },
        'dev-libs/onlytarget-1': {},
        'app-misc/runtime-1': {},
        'sys-libs/musl-1': {},
      },
      system: ['sys-libs/musl'],
      world: ['app-misc/eight'],
      portage: {
        'package.use': 'app-misc/eight extra\n',
        'package.accept_keywords': 'app-misc/versions ~amd64\n',
      },
    },
  });
  system = openSystem({ root: cross.host.root, sysroot: cross.sysroot });
});

test.after.always(() => cross.cleanup());

function visible(target: string, request: Partial<SetRequest> = {}): VisibleSet {
  return system.visibleSet({ targets: [target], system: false, ...request });
}

const shows = test.macro((t, request: Partial<SetRequest>, expected: string[]) => {
  t.deepEqual([...system.visibleSet({ targets: [], system: false, ...request }).visible.keys()], expected);
});

const inTarget = ['dev-libs/both-1@sysroot', 'dev-libs/onlytarget-1@sysroot'];
const inHost = ['dev-libs/both-1', 'dev-libs/onlyhost-1'];

test(
  'EAPI 8: DEPEND in the sysroot, BDEPEND in the root, each closed where it is',
  shows,
  { targets: ['app-misc/eight'] },
  [
    ...['dev-libs/both-1', 'dev-libs/both-1@sysroot', 'dev-libs/onlyhost-1', 'dev-libs/onlytarget-1@sysroot'],
    'dev-util/tool-1',
  ],
);
test('EAPI 7 too', shows, { targets: ['app-misc/seven'] }, [...inHost, 'dev-libs/onlytarget-1@sysroot']);
test('EAPI 6: DEPEND in the root', shows, { targets: ['app-misc/six'] }, inHost);
test(
  'the targets’ RDEPEND is in the sysroot',
  shows,
  { targets: ['app-misc/six', 'app-misc/eight'], rdepend: true },
  [
    'app-misc/runtime-1@sysroot',
    ...['dev-libs/both-1', 'dev-libs/both-1@sysroot', 'dev-libs/onlyhost-1', 'dev-libs/onlytarget-1@sysroot'],
    'dev-util/tool-1',
  ],
);
test('@system of both, and the toolchain for the CHOST of the sysroot', shows, { system: true }, [
  `cross-${chost}/gcc-13`,
  `cross-${chost}/glibc-2.40`,
  'dev-libs/gmp-6',
  'sys-apps/coreutils-9',
  'sys-libs/musl-1@sysroot',
]);
test('a name is looked for in both', shows, { with: ['dev-libs/both'] }, [
  ...['dev-libs/both-1', 'dev-libs/both-1@sysroot', 'dev-libs/onlyhost-1', 'dev-libs/onlytarget-1@sysroot'],
]);
test('a name of the sysroot', shows, { with: ['both@sysroot'] }, inTarget);
test('a name of the root', shows, { with: ['=dev-libs/both-1@root'] }, inHost);
test('what one of them lacks is taken from the other', shows, { with: ['dev-libs/onlytarget'] }, [
  'dev-libs/onlytarget-1@sysroot',
]);
test('one of two is hidden', shows, { targets: ['app-misc/eight'], without: ['dev-libs/both@sysroot'] }, [
  ...inHost,
  'dev-util/tool-1',
]);
test('sets of the sysroot', shows, { targets: ['@selected'] }, [
  ...['dev-libs/both-1', 'dev-libs/both-1@sysroot', 'dev-libs/onlyhost-1', 'dev-libs/onlytarget-1@sysroot'],
  'dev-util/tool-1',
]);

test('a name that neither has is an error', (t) => {
  for (const name of ['dev-libs/none', 'dev-libs/onlytarget@root', 'dev-libs/onlyhost@sysroot'])
    t.is(
      t.throws<LvfsError>(() => visible('app-misc/six', { with: [name] }), { instanceOf: LvfsError })?.exit,
      20,
      name,
    );
});

test('USE and versions are those of the sysroot’s configuration', (t) => {
  t.true(visible('app-misc/eight').targets[0]?.use.includes('extra'));
  t.is(visible('app-misc/versions').targets[0]?.cpv, 'app-misc/versions-2');
  const native = openSystem({ root: cross.host.root });
  t.is(native.visibleSet({ targets: ['app-misc/versions'] }).targets[0]?.cpv, 'app-misc/versions-1');
  const other = openSystem({ root: cross.host.root, sysroot: cross.sysroot, configRoot: cross.host.root });
  t.is(other.visibleSet({ targets: ['app-misc/versions'] }).targets[0]?.cpv, 'app-misc/versions-1');
  t.is(system.variable('PKGDIR'), `${cross.sysroot}/var/cache/binpkgs/`, 'ROOT in make.conf');
});

test('reasons and the metadata of run-time dependencies tell the systems apart', (t) => {
  const set = visible('app-misc/eight');
  t.deepEqual(set.visible.get(pkg('dev-libs/both-1@sysroot')), [
    { from: origin('target'), variable: 'DEPEND', atom: 'dev-libs/both' },
  ]);
  t.deepEqual(set.visible.get(pkg('dev-libs/both-1')), [
    { from: origin('dev-util/tool-1'), variable: 'RDEPEND', atom: 'dev-libs/both' },
  ]);
  t.deepEqual(set.metadataOnly, ['app-misc/runtime-1@sysroot']);
});

test('what is missing is named with the system it is missing in', (t) => {
  const error = t.throws<LvfsError>(() => visible('app-misc/lacks'), { instanceOf: LvfsError });
  t.is(error?.code, 'MISSING_DEPENDENCIES');
  t.true(error?.message.includes(`dev-util/tool (DEPEND in ${cross.sysroot})`), error?.message);
  t.true(error?.message.includes('dev-libs/onlytarget (BDEPEND in /)'), error?.message);
  t.true(error?.hint?.includes(`--root=${cross.sysroot} --sysroot=${cross.sysroot}`), error?.hint);
  t.deepEqual(visible('app-misc/lacks', { allowMissing: true }).unsatisfied, [
    { variable: 'DEPEND', atom: 'dev-util/tool', root: cross.sysroot },
    { variable: 'BDEPEND', atom: 'dev-libs/onlytarget', root: '/' },
  ]);
});

test('a sysroot is a host path below the root, or a path as it is inside', (t) => {
  symlinkSync(cross.sysroot, cross.host.path('/usr/link'));
  for (const sysroot of [cross.sysroot, cross.target.root, '/usr/link', cross.host.path('/usr/link')])
    t.is(openSystem({ root: cross.host.root, sysroot }).sysroot, cross.sysroot, sysroot);
  for (const sysroot of ['/', cross.host.root]) {
    const same = openSystem({ root: cross.host.root, sysroot });
    t.is(same.sysroot, '', sysroot);
    t.deepEqual(same.databases, [cross.host.path('/var/db/pkg')]);
  }
  const error = t.throws<LvfsError>(() => openSystem({ root: cross.host.root, sysroot: '/absent' }));
  t.is(error?.code, 'NO_SYSROOT');
  const both = t.throws<LvfsError>(() => openSystem({ root: '/', sysroot: cross.target.root, prefix: '/x' }));
  t.is(both?.code, 'SYSROOT_AND_PREFIX');
});

test('one in which nothing is installed yet has no database', async (t) => {
  const { host, cleanup } = await crossRoot({ host: { ebuilds: { 'app-misc/foo-1': {} } }, target: {} });
  t.teardown(cleanup);
  host.write('/usr/new/etc/portage/make.conf', '');
  host.write('/usr/new/etc/portage/make.profile', { link: '../../../../var/db/repos/gentoo/profiles/test' });
  const fresh = openSystem({ root: host.root, sysroot: '/usr/new' });
  t.deepEqual(fresh.installed(), []);
  t.is(fresh.visibleSet({ targets: ['app-misc/foo'] }).visible.size, 0);
});
