/** A system that is asked again: what has changed since is seen, and nothing else is read again. */
import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import test from 'ava';
import { LookedAt, settledIdentity } from '../../../src/portage/lookedAt.js';
import { openSystem, type System } from '../../../src/portage/index.js';
import { gentooRoot, repositoryPath, type GentooRoot } from '../../helpers/gentooRoot.js';
import { pkg } from '../../helpers/installed.js';

const request = { targets: ['app/foo'], allowMissing: true };

function answers(system: System): unknown {
  return {
    set: system.visibleSet(request),
    installed: system.installed().map(({ cpv }) => cpv),
    distdir: system.variable('DISTDIR'),
    names: system.namesFor(pkg('dev-libs/a-1'), ['/usr/include/a.h']),
    equals: system.equalsOf(pkg('dev-libs/a-1'), []),
    repositories: system.repositories(),
  };
}

async function system(): Promise<GentooRoot> {
  return gentooRoot({
    packages: {
      'dev-libs/a-1': { RDEPEND: 'dev-libs/deep' },
      'dev-libs/b-1': {},
      'dev-libs/deep-1': {},
      'virtual/a-1': { RDEPEND: 'dev-libs/a' },
    },
    ebuilds: {
      'app/foo-1': { DEPEND: 'x? ( dev-libs/a ) !x? ( dev-libs/b )', IUSE: 'x' },
      'virtual/a-1': { RDEPEND: '|| ( dev-libs/a dev-libs/b )' },
    },
    system: ['dev-libs/deep'],
    portage: { 'package.use/one': 'app/foo x\n' },
  });
}

type Change = (gentoo: GentooRoot) => void;

const changes: Readonly<Record<string, Change>> = {
  'a package is merged': (gentoo) => gentoo.install('dev-libs/a-2', { RDEPEND: 'dev-libs/b' }),
  'a package is unmerged': (gentoo) => gentoo.uninstall('dev-libs/a-1'),
  'a package is merged in a new category': (gentoo) => gentoo.install('dev-new/c-1'),
  'another package of the same name and version takes its place': (gentoo) => {
    gentoo.uninstall('dev-libs/a-1');
    gentoo.install('dev-libs/a-1', { RDEPEND: 'dev-libs/b' });
  },
  'a value is replaced, as Portage does it': (gentoo) => {
    const entry = gentoo.path('/var/db/pkg/dev-libs/a-1');
    writeFileSync(`${entry}/RDEPEND.new`, 'dev-libs/b\n');
    renameSync(`${entry}/RDEPEND.new`, `${entry}/RDEPEND`);
    // vardbapi._bump_mtime
    mkdirSync(`${entry}.new`);
    rmSync(`${entry}.new`, { recursive: true });
  },
  'package.use changes': (gentoo) => writeFileSync(gentoo.path('/etc/portage/package.use/one'), ''),
  'package.use gets another file': (gentoo) =>
    writeFileSync(gentoo.path('/etc/portage/package.use/two'), 'app/foo -x\n'),
  'package.use goes': (gentoo) => rmSync(gentoo.path('/etc/portage/package.use'), { recursive: true }),
  'package.provided comes': (gentoo) => {
    mkdirSync(gentoo.path('/etc/portage/profile'));
    writeFileSync(gentoo.path('/etc/portage/profile/package.provided'), 'dev-libs/a-1\n');
  },
  'make.conf grows': (gentoo) =>
    appendFileSync(gentoo.path('/etc/portage/make.conf'), 'DISTDIR="/elsewhere"\n'),
  'the profile is another': (gentoo) => {
    const link = gentoo.path('/etc/portage/make.profile');
    const other = `${repositoryPath}/profiles/other`;
    mkdirSync(gentoo.path(other));
    const files = {
      eapi: '8\n',
      packages: '*dev-libs/b\n',
      'make.defaults': 'ARCH="amd64"\nACCEPT_KEYWORDS="amd64"\n',
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(gentoo.path(`${other}/${name}`), text);
    unlinkSync(link);
    symlinkSync(`../..${other}`, link);
  },
  'a new ebuild is the best': (gentoo) => {
    const text = 'EAPI=8\n';
    const sum = createHash('md5').update(text).digest('hex');
    const values = 'EAPI=8\nSLOT=0\nKEYWORDS=amd64\nDEPEND=dev-libs/b\nDEFINED_PHASES=-\n';
    writeFileSync(gentoo.path(`${repositoryPath}/app/foo/foo-2.ebuild`), text);
    writeFileSync(gentoo.path(`${repositoryPath}/metadata/md5-cache/app/foo-2`), `${values}_md5_=${sum}\n`);
  },
  'an ebuild says otherwise': (gentoo) =>
    rmSync(gentoo.path(`${repositoryPath}/virtual`), { recursive: true }),
};

for (const [name, change] of Object.entries(changes)) {
  test(`when ${name}, it is seen`, async (t) => {
    const gentoo = await system();
    t.teardown(gentoo.cleanup);
    const first = openSystem({ root: gentoo.root });
    const before = answers(first);
    t.deepEqual(answers(first.renewed()), before);
    change(gentoo);
    const after = answers(openSystem({ root: gentoo.root }));
    t.notDeepEqual(after, before);
    const renewed = first.renewed();
    t.deepEqual(answers(renewed), after);
    t.deepEqual(answers(renewed.renewed()), after);
  });
}

test('a target that cannot be resolved leaves the system as it was', async (t) => {
  const gentoo = await system();
  t.teardown(gentoo.cleanup);
  const first = openSystem({ root: gentoo.root });
  const before = answers(first);
  t.throws(() => first.renewed().visibleSet({ targets: ['app/none'] }), { name: 'LvfsError' });
  t.deepEqual(answers(first), before);
});

test('what emerge writes into mtimedb during a merge is no change of what has moved', async (t) => {
  const gentoo = await system();
  t.teardown(gentoo.cleanup);
  const updates = gentoo.path(`${repositoryPath}/profiles/updates`);
  mkdirSync(updates);
  writeFileSync(`${updates}/1Q-2024`, 'move dev-libs/b dev-libs/bee\n');
  const inside = `${repositoryPath}/profiles/updates/1Q-2024`;
  const time = Math.floor(statSync(`${updates}/1Q-2024`).mtimeMs / 1000);
  const mtimedb = gentoo.path('/var/cache/edb/mtimedb');
  mkdirSync(gentoo.path('/var/cache/edb'), { recursive: true });
  const write = (more: object, done: number): void =>
    writeFileSync(mtimedb, JSON.stringify({ updates: { [inside]: done }, ...more }));
  write({}, time);
  const first = openSystem({ root: gentoo.root });
  t.true(first.visibleSet(request).visible.has(pkg('dev-libs/a-1')));
  write({ resume: { mergelist: [['ebuild', '/', 'app/foo-1', 'merge']] } }, time);
  t.deepEqual(answers(first.renewed()), answers(openSystem({ root: gentoo.root })));
  write({}, time - 1);
  t.deepEqual(answers(first.renewed()), answers(openSystem({ root: gentoo.root })));
});

test('what is settled is not asked again until it has changed', (t) => {
  let asked = 0;
  const looked = new LookedAt();
  const ask = (): string => {
    asked++;
    return 'answer';
  };
  t.not(settledIdentity(process.execPath), undefined);
  looked.note('it', 'answer', ask, process.execPath);
  t.true(looked.isUnchanged());
  t.is(asked, 1);
  t.true(looked.isUnchanged());
  t.is(asked, 1);
  looked.note('another', 'other answer', ask, process.execPath);
  t.false(looked.isUnchanged());
});
