import test, { type ExecutionContext } from 'ava';
import { LvfsError } from '../../../src/base/index.js';
import { type Configuration, openConfiguration } from '../../../src/portage/config/configuration.js';
import { InstalledPackages } from '../../../src/portage/installed.js';
import { PackageSets } from '../../../src/portage/sets.js';
import { InstalledDatabase } from '../../../src/portage/vdb.js';
import { gentooRoot, type GentooRootSpec } from '../../helpers/gentooRoot.js';

async function open(
  t: ExecutionContext,
  spec: GentooRootSpec,
): Promise<{ sets: PackageSets; config: Configuration; root: string }> {
  const gentoo = await gentooRoot(spec);
  t.teardown(gentoo.cleanup);
  const config = openConfiguration({ root: gentoo.root });
  const database = new InstalledDatabase(gentoo.path('/var/db/pkg'), config.warn);
  const installed = new InstalledPackages(database, () => false);
  return { sets: new PackageSets(config, installed), config, root: gentoo.root };
}

const texts = (sets: PackageSets, name: string): string[] => sets.atoms(name).map(({ text }) => text);

test("the user's sets, in each other, and what was selected", async (t) => {
  const { sets, config } = await open(t, {
    system: ['cat/a'],
    world: ['cat/w', '@ignored'],
    portage: {
      'sets/mine': 'cat/x and more\n@sub/more # c\nnothing\n!cat/block\ncat/*\n',
      'sets/sub/more': '=cat/y-1::gentoo\n@mine\n',
      'sets/bad': '@none\n',
      'sets/mine.metadata': 'description:\nx\n',
      'sets/old~': 'cat/old\n',
    },
    files: { '/var/lib/portage/world_sets': '@mine\ncat/ignored\n' },
  });
  t.deepEqual(texts(sets, 'mine'), ['cat/x', '=cat/y-1::gentoo']);
  t.deepEqual(
    config.warnings.filter(({ file }) => file.endsWith('/sets/mine')).map(({ line }) => line),
    [3, 4, 5],
  );
  t.deepEqual(texts(sets, 'selected-packages'), ['cat/w']);
  t.deepEqual(texts(sets, 'selected-sets'), ['cat/x', '=cat/y-1::gentoo']);
  t.deepEqual(texts(sets, 'world'), ['cat/w', 'cat/x', '=cat/y-1::gentoo', 'cat/a']);
  t.deepEqual(texts(sets, 'system'), ['cat/a']);
  const error = t.throws(() => sets.atoms('bad'), { instanceOf: LvfsError });
  t.is(error.code, 'UNKNOWN_SET');
  t.is(error.exit, 20);
  t.regex(error.message, /no set '@none' \(from .*\/etc\/portage\/sets\/bad:1\)/);
  t.regex(error.hint ?? '', /@bad @changed-deps .*@mine @module-rebuild/);
});

const packages = {
  'cat/a-1': { files: { '/usr/share/tree/file': '' } },
  'cat/two-1': { SLOT: '1', PROPERTIES: 'live interactive' },
  'cat/two-2': { SLOT: '2/new' },
  'cat/gone-1': {},
  'cat/high-2': {},
  'cat/go-1': { BDEPEND: '>=dev-lang/go-1.20' },
  'dev-lang/go-1': { BDEPEND: 'dev-lang/go' },
  'cat/deps-1': { RDEPEND: 'cat/a:0/1= cat/two', USE: 'x', IUSE: 'x' },
  'cat/same-1': { RDEPEND: 'cat/a:0/1=', USE: 'x', IUSE: 'x' },
  'cat/old-1': { BUILD_TIME: '1000', files: { '/usr/share/tree/other': '', '/usr/share/excluded': '' } },
  'cat/new-1': { BUILD_TIME: '2000000000' },
};

const spec: GentooRootSpec = {
  packages,
  ebuilds: {
    'cat/a-1': {},
    'cat/two-1': { SLOT: '1' },
    'cat/two-2': { SLOT: '2/newer' },
    'cat/high-1': {},
    'cat/go-1': {},
    'dev-lang/go-1': {},
    'cat/deps-1': { RDEPEND: 'cat/a:= x? ( cat/two cat/a )', IUSE: 'x' },
    'cat/same-1': { RDEPEND: 'cat/a:=', IUSE: 'x' },
    'cat/masked-1': { KEYWORDS: '' },
  },
  portage: {
    'sets.conf/mine.conf': `
[dummy]
class = portage.sets.base.DummyPackageSet
packages = cat/a @live-rebuild
[other name]
name = file
filename = /etc/portage/list
[greedy]
class = portage.sets.files.StaticFileSet
filename = /etc/portage/list
greedy = true
[keys]
class = portage.sets.files.ConfigFileSet
filename = /etc/portage/package.use
[here]
class = portage.sets.dbapi.CategorySet
category = dev-lang
repository = vartree
[there]
class = portage.sets.dbapi.CategorySet
category = cat
[every]
class = portage.sets.dbapi.CategorySet
multiset = yes
categories = dev-lang
name_pattern = of-$category
[after]
class = portage.sets.dbapi.DateSet
seconds = 1500
mode = newer
[young]
class = portage.sets.dbapi.AgeSet
mode = newer
age = 1
[command]
class = portage.sets.shell.CommandOutputSet
command = true
[broken]
class = portage.sets.dbapi.CategorySet
category = nothing
[owners]
class = portage.sets.dbapi.OwnerSet
files = /usr/share/t*
exclude-files = /usr/share/excluded
`,
    list: 'cat/two\n',
    'package.use': 'cat/a x\n',
  },
  files: {
    '/var/db/pkg/cat/new-1/NEEDED.ELF.2': 'X86_64;/usr/bin/new;;;libold.so.1,libc.so.6;x86_64\n',
    '/var/db/pkg/cat/old-1/NEEDED.ELF.2': 'X86_64;/usr/lib/libold.so.1;;;libold.so.1;x86_64\n',
    '/var/cache/binpkgs/Packages':
      'ARCH: amd64\n\nBUILD_TIME: 1000\nCPV: cat/old-1\n\nBUILD_TIME: 7\nCPV: cat/new-1\n',
    '/var/lib/portage/preserved_libs_registry':
      '{"cat/gone:0": ["cat/gone-0", "1", ["/usr/lib/libold.so.1"]]}',
  },
};

const has = test.macro({
  async exec(t, name: string, ...expected: string[]) {
    const { sets } = await open(t, spec);
    t.deepEqual(texts(sets, name).sort(), expected.sort());
  },
  title: (_, ...[name]: [string, ...string[]]) => `@${name}`,
});

test(has, 'dummy', 'cat/a', 'cat/two:1');
test(has, 'file', 'cat/two');
test(has, 'greedy', 'cat/two:1', 'cat/two:2', 'cat/two');
test(has, 'keys', 'cat/a');
test(has, 'here', 'dev-lang/go');
test(has, 'there', 'cat/a', 'cat/two', 'cat/high', 'cat/go', 'cat/deps', 'cat/same');
test(has, 'of-dev-lang', 'dev-lang/go');
test(has, 'after', 'cat/new:0');
test(has, 'young', 'cat/new:0');
test(has, 'owners', 'cat/a:0');
test(has, 'live-rebuild', 'cat/two:1');
test(has, 'golang-rebuild', 'cat/go:0');
test(has, 'unavailable', 'cat/gone:0', 'cat/old:0', 'cat/new:0');
test(has, 'downgrade', 'cat/high:0');
test(has, 'changed-subslot', 'cat/two:2');
test(has, 'changed-deps', '=cat/deps-1');
test(has, 'preserved-rebuild', 'cat/new:0');
test(has, 'module-rebuild');
test(has, 'rebuilt-binaries', 'cat/new:0');
test(has, 'security');

test('every installed version is in @installed', async (t) => {
  const { sets } = await open(t, spec);
  const expected = Object.keys(packages).map((cpv) => {
    const slot = cpv === 'cat/two-1' ? '1' : cpv === 'cat/two-2' ? '2' : '0';
    return `${cpv.replace(/-\d+$/, '')}:${slot}`;
  });
  t.deepEqual(texts(sets, 'installed').sort(), expected.sort());
});

test('a set that takes a command is refused, one that is wrong is reported', async (t) => {
  const { sets, config, root } = await open(t, spec);
  t.is(t.throws(() => sets.atoms('command'), { instanceOf: LvfsError }).code, 'UNSUPPORTED_SET');
  t.is(t.throws(() => sets.atoms('broken'), { instanceOf: LvfsError }).code, 'UNKNOWN_SET');
  t.true(
    config.warnings.some(
      ({ file, message }) =>
        file === `${root}/etc/portage/sets.conf/mine.conf` &&
        message === "[broken] there is no category 'nothing'; there is no such set",
    ),
  );
});

test('a repository has sets of its own', async (t) => {
  const repository = '/var/db/repos/gentoo';
  const { sets } = await open(t, {
    files: {
      [`${repository}/sets.conf`]:
        '[r]\nclass = portage.sets.files.StaticFileSet\nmultiset = true\ndirectory = ${repository:gentoo}/sets/\n',
      [`${repository}/sets/tools`]: 'cat/tool\n',
    },
  });
  t.deepEqual(texts(sets, 'tools'), ['cat/tool']);
});

const dates = test.macro({
  async exec(t, options: string, ...expected: string[]) {
    const { sets } = await open(t, {
      packages: {
        'cat/a-1': { BUILD_TIME: '1000000000', SLOT: '1' },
        'cat/a-2': { BUILD_TIME: '1200000000', SLOT: '2' },
        'cat/b-1': { BUILD_TIME: '1100000000' },
        'cat/never-1': {},
      },
      files: { '/usr/stamp': { text: '', mtime: 1_050_000_000 } },
      portage: { 'sets.conf': `[dated]\nclass = portage.sets.dbapi.DateSet\n${options}\n` },
    });
    if (expected.length === 0) t.throws(() => sets.atoms('dated'), { code: 'UNKNOWN_SET' });
    else t.deepEqual(texts(sets, 'dated'), expected);
  },
  title: (_, ...[options]: [string, ...string[]]) => `a set by time: ${JSON.stringify(options)}`,
});

test(dates, 'seconds = 1150000000\nmode = newer', 'cat/a:2');
test(dates, 'seconds = 1050000000', 'cat/a:1', 'cat/never:0');
test('the lowest version counts', dates, 'package = cat/a\nmode = newer', 'cat/a:2', 'cat/b:0');
test(dates, 'package = cat/a:2', 'cat/a:1', 'cat/b:0', 'cat/never:0');
test(dates, 'filestamp = /usr/stamp\nmode = newer', 'cat/a:2', 'cat/b:0');
test(dates, 'date = 2004-11-10\ndateformat = %%Y-%%m-%%d\nmode = newer', 'cat/a:2');
test(dates, 'date = 11/20/04 12:00:00\nmode = newer', 'cat/a:2');
test(dates, 'date = 31.02.2004\ndateformat = %%d.%%m.%%Y');
test(dates, 'date = Monday\ndateformat = %%A');
test(dates, 'date = 2004-11-09');
test(dates, 'seconds = soon');
test(dates, 'package = cat/nothing');
test(dates, 'package = cat/never');
test(dates, 'filestamp = /usr/none');
test(dates, 'seconds = 1\npackage = cat/a');
test(dates, 'mode = newer');

test('what a file of the configuration says of one repository is in no set', async (t) => {
  const { sets } = await open(t, {
    portage: {
      'sets.conf': '[used]\nclass = portage.sets.files.ConfigFileSet\nfilename = /etc/portage/package.use\n',
      'package.use': 'cat/a x\ncat/b::gentoo y\n*/* z\n>=cat/c-1 -x\n',
    },
  });
  t.deepEqual(texts(sets, 'used'), ['cat/a', '>=cat/c-1']);
});
