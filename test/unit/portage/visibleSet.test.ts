import { writeFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { type ExitStatus, LvfsError, type ErrorCode } from '../../../src/base/index.js';
import {
  chainsTo,
  openSystem,
  type SetRequest,
  type System,
  type VisibleSet,
} from '../../../src/portage/index.js';
import {
  gentooRoot,
  repositoryPath,
  type GentooRoot,
  type GentooRootSpec,
} from '../../helpers/gentooRoot.js';
import { origin } from '../../helpers/origin.js';
import { pkg } from '../../helpers/installed.js';

async function system(
  t: ExecutionContext,
  spec: GentooRootSpec,
): Promise<{ system: System; gentoo: GentooRoot }> {
  const gentoo = await gentooRoot(spec);
  t.teardown(gentoo.cleanup);
  return { system: openSystem({ root: gentoo.root }), gentoo };
}

/** A cache entry of an empty ebuild. */
const cacheEntry = 'EAPI=8\nSLOT=0\nKEYWORDS=amd64\n_md5_=d41d8cd98f00b204e9800998ecf8427e\n';

/** A system with one of most things; the tests below only read it. */
const spec: GentooRootSpec = {
  packages: {
    'sys-libs/glibc-2.40': {},
    'sys-apps/coreutils-9': { RDEPEND: 'sys-libs/glibc' },
    'dev-libs/a-1': { RDEPEND: 'dev-libs/b dev-libs/shared', PDEPEND: 'dev-libs/late' },
    'dev-libs/b-1': { RDEPEND: 'dev-libs/a dev-libs/shared !dev-libs/c' },
    'dev-libs/c-1': {},
    'dev-libs/late-1': {},
    'dev-libs/shared-1': { RDEPEND: 'sys-libs/glibc' },
    'dev-libs/own-1': { RDEPEND: 'dev-libs/shared', DEPEND: 'dev-libs/c' },
    'dev-lang/python-3.12.1': { SLOT: '3.12' },
    'dev-lang/python-3.13.0': { SLOT: '3.13' },
    'dev-util/tool-1': { RDEPEND: 'sys-apps/coreutils' },
    'app-misc/onlyhere-2': { DEPEND: 'dev-libs/c', USE: 'x', IUSE: 'x y', repository: 'gone' },
    'app-misc/foo-0.9': {},
    'app-misc/runtime-1': { RDEPEND: 'app-misc/deeper' },
    'app-misc/deeper-1': { RDEPEND: 'dev-libs/shared' },
    'app-misc/broken-1': { RDEPEND: '|| dev-libs/a' },
    'virtual/tool-1': {},
    'app-misc/twin-1': {},
    'dev-util/twin-1': {},
    'app-misc/half-1': {},
  },
  ebuilds: {
    'app-misc/foo-1': {
      DEPEND: 'dev-libs/a x? ( dev-libs/c )',
      BDEPEND: 'dev-util/tool',
      RDEPEND: 'app-misc/runtime dev-libs/a',
      IUSE: 'x test',
    },
    'app-misc/foo-2': { KEYWORDS: '~amd64', DEPEND: 'dev-libs/c' },
    'app-misc/tested-1': { IUSE: 'test', DEPEND: 'test? ( dev-libs/c )' },
    'app-misc/masked-1': { KEYWORDS: '~amd64' },
    'app-misc/masked-2': { KEYWORDS: '~amd64' },
    'app-misc/missing-1': {
      DEPEND: 'dev-libs/none || ( dev-libs/x dev-libs/y )',
      BDEPEND: 'dev-util/none dev-libs/c',
    },
    'app-misc/old-1': { EAPI: '6', BDEPEND: 'dev-util/none' },
    'app-misc/malformed-1': { DEPEND: '( dev-libs/a' },
    'app-misc/unfit-1': { DEPEND: 'dev-libs/a' },
    'app-misc/unfit-2': { DEPEND: 'none? ( dev-libs/a )' },
    'app-misc/unfit-3': { DEPEND: 'dev-libs/c::gentoo' },
    'app-misc/foreign-3': { DEPEND: 'dev-libs/c::gentoo' },
    'app-misc/demanding-1': {},
    'app-misc/demanding-2': { IUSE: 'x y +z w', REQUIRED_USE: '|| ( x y ) z? ( w ) !x? ( !y )' },
    'dev-libs/c-1': {},
    'dev-util/tool-1': {},
    'virtual/tool-1': {},
    'virtual/tool-2': {},
    'dev-util/half-1': {},
    'app-misc/slotted-1': { SLOT: '1', DEPEND: 'dev-libs/a' },
    'app-misc/slotted-2': { SLOT: '2', DEPEND: 'dev-libs/c' },
  },
  system: ['sys-apps/coreutils', 'sys-apps/notthere'],
  world: ['app-misc/foo', '@ignored'],
  files: { '/var/lib/portage/world_sets': '@extra\n' },
  portage: { 'sets/extra': '# more\ndev-libs/own\n' },
};

let shared: System;
let root: GentooRoot;

test.before(async () => {
  root = await gentooRoot(spec);
  shared = openSystem({ root: root.root });
});

test.after.always(() => {
  root.cleanup();
});

function visible(request: Partial<SetRequest>): VisibleSet {
  return shared.visibleSet({ targets: [], ...request });
}

const shows = test.macro((t, request: Partial<SetRequest>, expected: string[]) => {
  t.deepEqual([...visible({ system: false, ...request }).visible.keys()], expected);
});

const closureOfA = ['dev-libs/a-1', 'dev-libs/b-1', 'dev-libs/late-1', 'dev-libs/shared-1'];
const closureOfTool = ['dev-util/tool-1', 'sys-apps/coreutils-9', 'sys-libs/glibc-2.40'];
const foo = [...closureOfA, ...closureOfTool];

test('build dependencies are closed under run-time dependencies', shows, { targets: ['app-misc/foo'] }, foo);
test('an older installed version of the target stays hidden', (t) => {
  t.false(visible({ targets: ['app-misc/foo'] }).visible.has(pkg('app-misc/foo-0.9')));
});
test('nothing but @system without a target', shows, { system: true }, closureOfTool.slice(1));
test('what no target needs can be shown', shows, { with: ['dev-libs/c'] }, ['dev-libs/c-1']);
test('of what is shown the best version is taken', shows, { with: ['python'] }, ['dev-lang/python-3.13.0']);
test('a slot can be named', shows, { with: ['dev-lang/python:3.12'] }, ['dev-lang/python-3.12.1']);
test('wildcards show all that they match', shows, { with: ['dev-l*/c', 'dev-lang/*'] }, [
  'dev-lang/python-3.12.1',
  'dev-lang/python-3.13.0',
  'dev-libs/c-1',
]);
test('every installed version is in @installed', (t) => {
  t.deepEqual(
    [...visible({ with: ['@installed'], system: false }).visible.keys()],
    Object.keys(spec.packages ?? {}).sort(),
  );
});
test('where a name has several slots it is told which others there are', async (t) => {
  const warnings: string[] = [];
  const { gentoo } = await system(t, spec);
  const open = openSystem(
    { root: gentoo.root },
    { warn: ({ file, message }) => warnings.push(`${file}: ${message}`) },
  );
  open.visibleSet({ targets: [], system: false, with: ['python', 'dev-libs/a', 'dev-lang/python:3.12'] });
  t.deepEqual(
    warnings.filter((warning) => warning.startsWith('--with')),
    [
      '--with python: is dev-lang/python-3.13.0, the highest; there is also dev-lang/python-3.12.1 (dev-lang/python:3.12)',
    ],
  );
});
test('of what is installed only installed packages are meant', shows, { with: ['half'] }, [
  'app-misc/half-1',
]);
test('a set can be shown', shows, { with: ['@extra'] }, [
  'dev-libs/own-1',
  'dev-libs/shared-1',
  'sys-libs/glibc-2.40',
]);
test('@world has what was selected and @system', shows, { with: ['@world'] }, [
  'app-misc/foo-0.9',
  'dev-libs/own-1',
  'dev-libs/shared-1',
  'sys-apps/coreutils-9',
  'sys-libs/glibc-2.40',
]);
test(
  'what is hidden takes along what was reached only through it',
  shows,
  { targets: ['app-misc/foo'], without: ['dev-util/tool', 'dev-libs/late'] },
  ['dev-libs/a-1', 'dev-libs/b-1', 'dev-libs/shared-1', 'sys-libs/glibc-2.40'],
);
test('hiding wins over showing', shows, { with: ['dev-libs/c'], without: ['dev-libs/c'] }, []);
test('hiding hides every version', shows, { with: ['=dev-lang/python-3.12.1'], without: ['python'] }, []);
test(
  'hiding something that is known but not installed is no error',
  shows,
  { without: ['app-misc/old'] },
  [],
);
test('several targets are united', shows, { targets: ['app-misc/slotted:1', 'app-misc/slotted:2'] }, [
  ...closureOfA.slice(0, 2),
  'dev-libs/c-1',
  ...closureOfA.slice(2),
  'sys-libs/glibc-2.40',
]);
test('USE=test follows the request', shows, { targets: ['app-misc/tested'], test: true }, ['dev-libs/c-1']);
test('USE=test is off by itself', shows, { targets: ['app-misc/tested'] }, []);
test('BDEPEND does not count before EAPI 7', shows, { targets: ['app-misc/old'] }, []);
test(
  'the run-time dependencies of the target can be shown',
  shows,
  { targets: ['app-misc/foo'], rdepend: true },
  ['app-misc/deeper-1', 'app-misc/runtime-1', ...foo],
);

test('of the run-time dependencies of the target only the database entries are shown otherwise', (t) => {
  t.deepEqual(visible({ targets: ['app-misc/foo'] }).metadataOnly, [
    'app-misc/deeper-1',
    'app-misc/runtime-1',
  ]);
  t.deepEqual(visible({ targets: ['app-misc/foo'], rdepend: true }).metadataOnly, []);
});

const namesTarget = test.macro({
  exec(t, name: string, cpv: string) {
    t.is(visible({ targets: [name] }).targets[0]?.cpv, cpv);
  },
  title: (_, name, cpv) => `${name} is ${cpv}`,
});

test(namesTarget, 'foo', 'app-misc/foo-1');
test(namesTarget, 'app-misc/foo', 'app-misc/foo-1');
test(namesTarget, 'foo::gentoo', 'app-misc/foo-1');
test(namesTarget, '=foo-2', 'app-misc/foo-2');
test(namesTarget, 'foo-2', 'app-misc/foo-2');
test(namesTarget, '=app-misc/foo-2', 'app-misc/foo-2');
test(namesTarget, 'app-misc/foo-2', 'app-misc/foo-2');
test(namesTarget, '<app-misc/foo-2', 'app-misc/foo-1');
test(namesTarget, 'slotted:1', 'app-misc/slotted-1');
test(namesTarget, 'slotted', 'app-misc/slotted-2');
test(namesTarget, '@extra', 'dev-libs/own-1');
// A package outside virtual/ is meant.
test(namesTarget, 'tool', 'dev-util/tool-1');
// A name that is ambiguous only without its version.
test(namesTarget, 'app-misc/onlyhere', 'app-misc/onlyhere-2');

test('a path of an ebuild is a target', (t) => {
  const path = root.path(`${repositoryPath}/app-misc/foo/foo-2.ebuild`);
  t.like(visible({ targets: [path] }).targets[0], { cpv: 'app-misc/foo-2', repository: 'gentoo' });
  const inside = `${repositoryPath}/app-misc/foo/foo-1.ebuild`;
  t.like(visible({ targets: [inside] }).targets[0], { cpv: 'app-misc/foo-1', repository: 'gentoo' });
});

test('the same target named twice is one', (t) => {
  t.is(visible({ targets: ['foo', 'app-misc/foo', '=app-misc/foo-1'] }).targets.length, 1);
});

test('a package that only the database has is evaluated with its recorded values', (t) => {
  const { targets, buildDeps } = visible({ targets: ['onlyhere'] });
  t.like(targets[0], { repository: 'gone', use: ['x'], eapi: '8', slot: '0' });
  t.deepEqual(buildDeps, ['dev-libs/c-1']);
});

test('a target tells what it was evaluated with', (t) => {
  const [target] = visible({ targets: ['app-misc/foo'] }).targets;
  t.like(target, {
    repository: 'gentoo',
    slot: '0',
    eapi: '8',
    use: ['amd64', 'elibc_glibc', 'kernel_linux'],
  });
  t.is(target?.dependencies.BDEPEND, 'dev-util/tool');
  t.deepEqual(
    [...(target?.buildDeps ?? [])],
    [
      ['dev-libs/a-1', [{ from: origin('target'), variable: 'DEPEND', atom: 'dev-libs/a' }]],
      ['dev-util/tool-1', [{ from: origin('target'), variable: 'BDEPEND', atom: 'dev-util/tool' }]],
    ],
  );
});

const fails = test.macro({
  exec(
    t,
    request: Partial<SetRequest>,
    code: ErrorCode,
    exit: ExitStatus,
    message: RegExp,
    details?: object,
  ) {
    const error = t.throws(() => visible(request), { instanceOf: LvfsError });
    t.is(error.code, code);
    t.is(error.exit, exit);
    t.regex(error.message, message);
    if (details !== undefined) t.like(error.details, details);
  },
  title: (_, request, code) => `${JSON.stringify(request)} fails with ${code}`,
});

test(fails, { targets: ['nosuch'] }, 'UNKNOWN_PACKAGE', 20, /'nosuch'/);
test(fails, { targets: ['cat/nosuch'] }, 'UNKNOWN_PACKAGE', 20, /'cat\/nosuch'/);
test(fails, { targets: ['dev-libs/foo'] }, 'UNKNOWN_PACKAGE', 20, /'dev-libs\/foo'/, {
  candidates: ['app-misc/foo'],
});
test(fails, { targets: ['=app-misc/foo-7'] }, 'UNKNOWN_VERSION', 20, /'=app-misc\/foo-7'/, {
  candidates: ['app-misc/foo-1', 'app-misc/foo-2', 'app-misc/foo-0.9'],
});
test(fails, { targets: ['foo::other'] }, 'UNKNOWN_VERSION', 20, /foo::other/);
test('a repository that there is not is said to be what is wrong', (t) => {
  const hint = (target: string) =>
    t.throws(() => visible({ targets: [target] }), { instanceOf: LvfsError }).hint;
  t.is(hint('foo::other'), "there is no repository 'other', but gentoo");
  t.is(hint('foo::gentooo'), "there is no repository 'gentooo'; did you mean ::gentoo?");
});
test(fails, { targets: ['twin'] }, 'AMBIGUOUS_ATOM', 20, /app-misc\/twin or dev-util\/twin/, {
  candidates: ['app-misc/twin', 'dev-util/twin'],
});
// As for emerge: neither that one of them is installed nor a version decides what is to be built.
test(fails, { targets: ['half'] }, 'AMBIGUOUS_ATOM', 20, /app-misc\/half or dev-util\/half/);
test(fails, { targets: ['>=tool-2'] }, 'UNKNOWN_VERSION', 20, /'>=tool-2'/, {
  candidates: ['dev-util/tool-1'],
});
test(fails, { with: ['twin'] }, 'AMBIGUOUS_ATOM', 20, /app-misc\/twin or dev-util\/twin/);
test(
  fails,
  { targets: ['masked'] },
  'MASKED',
  20,
  /masked-2 \(~amd64 keyword\); app-misc\/masked-1 \(~amd64/,
  {
    masked: { 'app-misc/masked-1': ['~amd64 keyword'], 'app-misc/masked-2': ['~amd64 keyword'] },
  },
);
test(
  fails,
  { targets: ['app-misc/foo[nosuch]'] },
  'UNKNOWN_VERSION',
  20,
  /USE flags that 'app-misc\/foo\[nosuch\]'/,
);
test(fails, { targets: ['!app-misc/foo'] }, 'INVALID_ATOM', 20, /'!app-misc\/foo'/);
test(fails, { targets: [''] }, 'INVALID_ATOM', 20, /''/);
test(fails, { targets: ['a b'] }, 'INVALID_ATOM', 20, /'a b'/);
test(fails, { targets: ['app-misc/*'] }, 'INVALID_ATOM', 20, /'app-misc\/\*'/);
test(fails, { targets: ['/tmp/none.ebuild'] }, 'UNKNOWN_EBUILD', 20, /'\/tmp\/none.ebuild' is not there/);
test(fails, { targets: ['@none'] }, 'UNKNOWN_SET', 20, /@none/);
test(fails, { with: ['app-misc/masked'] }, 'NOT_INSTALLED', 20, /'app-misc\/masked'/);
test(fails, { without: ['nosuch'] }, 'UNKNOWN_PACKAGE', 20, /'nosuch'/);
test(
  fails,
  { targets: ['malformed'] },
  'MASKED',
  20,
  /'malformed' is masked: app-misc\/malformed-1 \(invalid: DEPEND: \( without \)\)/,
);
test(
  fails,
  { targets: ['=app-misc/malformed-1'] },
  'INVALID_EBUILD',
  20,
  /^app-misc\/malformed-1::gentoo is invalid: DEPEND: \( without \)$/,
);
test(
  fails,
  { targets: ['malformed'], allowInvalid: true },
  'INVALID_DEPENDENCY',
  22,
  /DEPEND of app-misc\/malformed-1::gentoo/,
);
test(
  fails,
  { targets: ['app-misc/demanding'] },
  'REQUIRED_USE',
  20,
  /^REQUIRED_USE of app-misc\/demanding-2::gentoo is not satisfied: \|\| \( x y \), z\? \( w \) with USE="-x -y z -w"$/,
);
test(
  fails,
  { targets: ['missing'] },
  'MISSING_DEPENDENCIES',
  21,
  /app-misc\/missing-1 needs dev-libs\/none \(DEPEND\), \|\| \( dev-libs\/x dev-libs\/y \) \(DEPEND\), dev-util\/none \(BDEPEND\)$/,
);

test('what emerge masks as invalid is passed over for the next', (t) => {
  for (const allowInvalid of [false, true]) {
    const [target] = visible({ targets: ['unfit'], allowInvalid }).targets;
    t.is(target?.cpv, 'app-misc/unfit-1');
  }
});
test('an invalid ebuild can be looked at where there is no other, with a warning', async (t) => {
  const warnings: string[] = [];
  const { gentoo } = await system(t, spec);
  const open = openSystem({ root: gentoo.root }, { warn: ({ message }) => warnings.push(message) });
  const request = { targets: ['foreign', '=app-misc/unfit-3'], system: false, allowInvalid: true };
  const set = open.visibleSet(request);
  t.deepEqual(
    set.targets.map(({ cpv }) => cpv),
    ['app-misc/foreign-3', 'app-misc/unfit-3'],
  );
  t.deepEqual([...set.visible.keys()], ['dev-libs/c-1']);
  t.true(
    warnings.includes(
      'emerge masks app-misc/unfit-3::gentoo as invalid: DEPEND: "dev-libs/c::gentoo" is no package atom: a repository is not allowed here',
    ),
  );
});

test('a clone that repos.conf does not have counts when an ebuild in it is named', async (t) => {
  const { gentoo } = await system(t, {
    ...spec,
    files: {
      '/home/me/clone/profiles/repo_name': 'clone\n',
      '/home/me/clone/profiles/categories': 'app-misc\n',
      '/home/me/clone/metadata/layout.conf': 'masters = gentoo\n',
      '/home/me/clone/metadata/md5-cache/app-misc/fresh-1': cacheEntry,
      '/home/me/clone/metadata/md5-cache/app-misc/fresh-2': `${cacheEntry}KEYWORDS=~amd64\n`,
      '/home/me/clone/app-misc/fresh/fresh-1.ebuild': '',
      '/home/me/clone/app-misc/fresh/fresh-2.ebuild': '',
      '/home/me/clone/app-misc/untested/untested-9.ebuild': '',
      '/home/me/clone/metadata/md5-cache/app-misc/untested-9': `${cacheEntry}KEYWORDS=\n`,
    },
  });
  const clone = gentoo.path('/home/me/clone');
  const open = openSystem({ root: gentoo.root, overlays: [clone] });
  const targets = (...names: string[]): string[] =>
    open
      .visibleSet({ targets: names, system: false })
      .targets.map(({ cpv, repository }) => `${cpv}::${repository}`);
  t.deepEqual(targets(`${clone}/app-misc/fresh`), ['app-misc/fresh-1::clone']);
  t.deepEqual(targets(`${clone}/app-misc/fresh/fresh-2.ebuild`), ['app-misc/fresh-2::clone']);
  t.deepEqual(targets('fresh', `${clone}/app-misc/untested`), [
    'app-misc/fresh-1::clone',
    'app-misc/untested-9::clone',
  ]);
  t.deepEqual(open.repositoryEnvironment(), { PORTDIR_OVERLAY: '/home/me/clone' });
  const error = t.throws(() => targets(`${clone}/app-misc/none`), { instanceOf: LvfsError });
  t.is(error.code, 'UNKNOWN_EBUILD');
  t.is(error.exit, 20);
});

test('a repository of repos.conf that is named again stays what it is', async (t) => {
  const { gentoo } = await system(t, spec);
  const open = openSystem({ root: gentoo.root, overlays: [gentoo.path(repositoryPath)] });
  t.deepEqual(open.repositoryEnvironment(), {});
  t.deepEqual(
    open.repositories().map(({ name }) => name),
    ['gentoo'],
  );
});

test('a dependency that several variables miss is named once', async (t) => {
  const { system: open } = await system(t, {
    ebuilds: { 'app-misc/twice-1': { DEPEND: 'dev-libs/n dev-libs/n', BDEPEND: 'dev-libs/n dev-libs/o' } },
  });
  const error = t.throws(() => open.visibleSet({ targets: ['twice'] }), { instanceOf: LvfsError });
  t.regex(error.message, /twice-1 needs dev-libs\/n \(DEPEND, BDEPEND\), dev-libs\/o \(BDEPEND\)$/);
});

test('what the environment says of the system', async (t) => {
  const { gentoo } = await system(t, { ...spec, files: { '/elsewhere/etc/portage/make.conf': '' } });
  const opened = (env: Record<string, string>): System => openSystem({ root: gentoo.root }, { env });
  t.is(opened({ PORTAGE_CONFIGROOT: '/elsewhere' }).userConfiguration, gentoo.path('/elsewhere/etc/portage'));
  t.is(opened({ ROOT: '/', SYSROOT: '/', EPREFIX: '' }).root, gentoo.root);
  const codes = [
    { PORTAGE_CONFIGROOT: '/nowhere' },
    { ROOT: '/mnt' },
    { SYSROOT: '/mnt' },
    { EPREFIX: '/prefix' },
  ].map((env) => t.throws(() => opened(env), { instanceOf: LvfsError }).code);
  t.deepEqual(codes, ['NO_CONFIG_ROOT', 'OTHER_ROOT', 'OTHER_ROOT', 'OTHER_ROOT']);
});

test('missing build dependencies can be allowed', (t) => {
  const { unsatisfied, buildDeps } = visible({ targets: ['missing'], allowMissing: true });
  t.deepEqual(unsatisfied, [
    { variable: 'DEPEND', atom: 'dev-libs/none' },
    { variable: 'DEPEND', atom: '|| ( dev-libs/x dev-libs/y )' },
    { variable: 'BDEPEND', atom: 'dev-util/none' },
  ]);
  t.deepEqual(buildDeps, ['dev-libs/c-1']);
});

test('every direct reason is given, roots first', (t) => {
  const { visible: set } = visible({ targets: ['app-misc/foo'], with: ['dev-libs/a'] });
  t.deepEqual(set.get(pkg('dev-libs/a-1')), [
    { from: origin('target'), variable: 'DEPEND', atom: 'dev-libs/a' },
    { from: origin('--with'), variable: '', atom: 'dev-libs/a' },
    { from: origin('dev-libs/b-1'), variable: 'RDEPEND', atom: 'dev-libs/a' },
  ]);
  t.deepEqual(set.get(pkg('dev-libs/late-1')), [
    { from: origin('dev-libs/a-1'), variable: 'PDEPEND', atom: 'dev-libs/late' },
  ]);
  t.deepEqual(set.get(pkg('sys-apps/coreutils-9')), [
    { from: origin('@system'), variable: '', atom: 'sys-apps/coreutils' },
    { from: origin('dev-util/tool-1'), variable: 'RDEPEND', atom: 'sys-apps/coreutils' },
  ]);
});

test('chains are found, the shortest first, and circles are not followed', (t) => {
  const set = visible({ targets: ['app-misc/foo'], system: false });
  const chains = chainsTo(set, pkg('dev-libs/shared-1')).map((chain) => chain.map(({ cpv }) => cpv));
  t.deepEqual(chains, [
    ['dev-libs/a-1', 'dev-libs/shared-1'],
    ['dev-libs/a-1', 'dev-libs/b-1', 'dev-libs/shared-1'],
  ]);
  t.deepEqual(chainsTo(set, pkg('dev-libs/late-1')), [
    [
      { cpv: 'dev-libs/a-1', from: origin('target'), variable: 'DEPEND', atom: 'dev-libs/a' },
      { cpv: 'dev-libs/late-1', from: origin('dev-libs/a-1'), variable: 'PDEPEND', atom: 'dev-libs/late' },
    ],
  ]);
  t.deepEqual(chainsTo(set, pkg('dev-libs/c-1')), []);
  t.is(chainsTo(set, pkg('sys-libs/glibc-2.40'), 1).length, 1);
});

test('a recorded dependency that cannot be understood is warned about and counts as empty', async (t) => {
  const { system: other, gentoo } = await system(t, spec);
  t.deepEqual(
    [...other.visibleSet({ targets: [], with: ['broken'], system: false }).visible.keys()],
    ['app-misc/broken-1'],
  );
  const [warning] = other.warnings;
  t.like(warning, { file: gentoo.path('/var/db/pkg/app-misc/broken-1/RDEPEND'), line: 1 });
  t.regex(warning?.message ?? '', /RDEPEND/);
});

test('a very long chain of packages is followed', async (t) => {
  const count = 3000;
  const packages = Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`a/p${String(i)}-1`, { RDEPEND: `a/p${String(i + 1)}` }]),
  );
  const { system: other } = await system(t, { packages, consolidated: true });
  const set = other.visibleSet({ targets: [], with: ['a/p0'], system: false });
  t.is(set.visible.size, count);
  t.is(chainsTo(set, pkg(`a/p${String(count - 1)}-1`))[0]?.length, count);
});

test('the system names its installed packages and places', (t) => {
  t.is(shared.installed().length, Object.keys(spec.packages ?? {}).length);
  t.is(shared.packageDirectory(pkg('dev-libs/a-1')), root.path('/var/db/pkg/dev-libs/a-1'));
  t.is(shared.packageDirectory(pkg('dev-libs/a-2')), undefined);
  t.deepEqual(shared.matchInstalled(['python', 'dev-libs/a']), [
    'dev-lang/python-3.12.1',
    'dev-lang/python-3.13.0',
    'dev-libs/a-1',
  ]);
  t.deepEqual(shared.repositories(), [{ name: 'gentoo', location: root.path(repositoryPath) }]);
  t.is(shared.variable('PORTAGE_TMPDIR'), '/var/tmp');
});

test('an installed package is named with its slot where versions of several slots are installed', async (t) => {
  const { system: own } = await system(t, {
    packages: {
      'dev-lang/python-3.12.1': { SLOT: '3.12' },
      'dev-lang/python-3.13.0': { SLOT: '3.13/3.13t' },
      'dev-libs/openssl-3.0': { SLOT: '0/3' },
      'sys-devel/twice-1': {},
      'sys-devel/twice-2': {},
    },
  });
  t.is(own.atomFor(pkg('dev-lang/python-3.12.1')), 'dev-lang/python:3.12');
  t.is(own.atomFor(pkg('dev-lang/python-3.13.0')), 'dev-lang/python:3.13');
  t.is(own.atomFor(pkg('dev-libs/openssl-3.0')), 'dev-libs/openssl');
  t.is(own.atomFor(pkg('sys-devel/twice-1')), 'sys-devel/twice');
  t.is(own.atomFor(pkg('dev-libs/gone-1-r1')), 'dev-libs/gone');
});

test('each warning is passed on once', async (t) => {
  const { gentoo } = await system(t, { packages: { 'a/b-1': {} } });
  writeFileSync(gentoo.path('/var/db/pkg/a/b-1/SLOT'), '0');
  gentoo.write('/var/db/pkg/a/noversion/SLOT', '0');
  const seen: string[] = [];
  const other = openSystem({ root: gentoo.root }, { warn: ({ file }) => seen.push(file) });
  other.installed();
  other.visibleSet({ targets: [] });
  t.deepEqual(seen, [gentoo.path('/var/db/pkg/a/noversion')]);
});

test('the USE that whoever builds has computed takes the place of the configuration', async (t) => {
  const { system: open } = await system(t, {
    packages: { 'dev-libs/a-1': {}, 'dev-libs/b-1': {} },
    ebuilds: {
      'dev-libs/foo-1': {
        IUSE: 'x +y',
        DEPEND: 'x? ( dev-libs/a ) y? ( dev-libs/b )',
        REQUIRED_USE: '^^ ( x y )',
      },
    },
  });
  const of = (use?: string[]): readonly string[] =>
    open.visibleSet({ targets: ['dev-libs/foo'], ...(use === undefined ? {} : { use }) }).buildDeps;
  t.deepEqual(of(), ['dev-libs/b-1']);
  t.deepEqual(of(['x', 'amd64']), ['dev-libs/a-1']);
  t.throws(() => of([]), { message: /REQUIRED_USE/ });
});
