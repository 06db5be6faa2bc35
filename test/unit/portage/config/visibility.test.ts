import test, { type ExecutionContext } from 'ava';
import { LvfsError } from '../../../../src/base/index.js';
import { parseAtom } from '../../../../src/portage/atom.js';
import { type Configuration, openConfiguration } from '../../../../src/portage/config/configuration.js';
import type { Sourced } from '../../../../src/portage/repos/ebuildTree.js';
import { type Tree, writeTree } from '../../../helpers/writeTree.js';

const base: Tree = {
  'etc/portage/repos.conf': '[gentoo]\nlocation = /repo\n[ovl]\nlocation = /ovl\naliases = over\n',
  'etc/portage/make.profile': { link: '/repo/profiles/top' },
  'repo/profiles/repo_name': 'gentoo\n',
  'repo/profiles/categories': 'cat\n',
  'repo/profiles/license_groups': 'FREE @MORE MIT\nMORE GPL-2 @FREE\nEULA Secret\n',
  'repo/metadata/layout.conf': 'masters =\nprofile-formats = portage-2\n',
  'repo/profiles/top/make.defaults':
    'ARCH="amd64"\nACCEPT_KEYWORDS="amd64"\nACCEPT_LICENSE="@FREE"\nCHOST="x86_64-pc-linux-gnu"\nUSE="on"\n',
  'ovl/profiles/repo_name': 'ovl\n',
  'ovl/metadata/layout.conf': 'masters = gentoo\n',
};

type Values = Readonly<Record<string, string>>;

function entry(values: Values): string {
  const all = { EAPI: '8', SLOT: '0', KEYWORDS: 'amd64', LICENSE: 'MIT', IUSE: 'on off', ...values };
  return Object.entries(all)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

function open(
  t: ExecutionContext,
  ebuilds: Readonly<Record<string, Values>>,
  portage: Readonly<Record<string, string>> = {},
  more: Tree = {},
): Configuration {
  const tree: Record<string, string | { readonly link: string }> = { ...base };
  for (const [name, values] of Object.entries(ebuilds)) {
    const [cpv = '', repository = 'gentoo'] = name.split('::');
    tree[`${repository === 'gentoo' ? 'repo' : 'ovl'}/metadata/md5-cache/${cpv}`] = entry(values);
  }
  for (const [name, text] of Object.entries(portage)) tree[`etc/portage/${name}`] = text;
  return openConfiguration({ root: writeTree(t, { ...tree, ...more }) });
}

function best(config: Configuration, atom: string): string | undefined {
  const found = config.visibility.best(parseAtom(atom, { allowRepo: true }));
  return found && `${found.cpv}::${found.repository.name}`;
}

function reasons(config: Configuration, cpv: string): readonly string[] | undefined {
  const [cp = ''] = cpv.split(/-\d/);
  const ebuild = config.tree.versions(cp).find((candidate) => candidate.cpv === cpv);
  return ebuild && config.visibility.reasons(ebuild);
}

test('the best is the highest visible version that the atom selects', (t) => {
  const config = open(t, {
    'cat/pkg-1': {},
    'cat/pkg-2': { SLOT: '2/2.1', IUSE: 'on' },
    'cat/pkg-3': { KEYWORDS: '~amd64' },
    'cat/pkg-2::ovl': { IUSE: 'extra' },
  });
  t.is(best(config, 'cat/pkg'), 'cat/pkg-2::ovl');
  t.is(best(config, 'cat/pkg::gentoo'), 'cat/pkg-2::gentoo');
  t.is(best(config, 'cat/pkg::over'), 'cat/pkg-2::ovl');
  t.is(best(config, 'cat/pkg::none'), undefined);
  t.is(best(config, 'cat/pkg:2/2.1'), 'cat/pkg-2::gentoo');
  t.is(best(config, '<cat/pkg-2'), 'cat/pkg-1::gentoo');
  t.is(best(config, '=cat/pkg-3'), undefined);
  t.is(best(config, 'cat/pkg[off]'), 'cat/pkg-1::gentoo');
  t.is(best(config, 'cat/pkg[-extra]'), 'cat/pkg-2::ovl');
  t.is(best(config, 'cat/none'), undefined);
  t.is(config.visibility.matching(parseAtom('>=cat/pkg-2')).length, 3);
});

const because = test.macro({
  exec(t, values: Values, portage: Readonly<Record<string, string>>, expected: readonly string[]) {
    const config = open(t, { 'cat/pkg-1': values }, portage);
    t.deepEqual(reasons(config, 'cat/pkg-1'), expected);
    t.is(best(config, 'cat/pkg'), expected.length === 0 ? 'cat/pkg-1::gentoo' : undefined);
  },
  title: (title) => `in Portage's words: ${title}`,
});

test('visible', because, {}, {}, []);
test('testing', because, { KEYWORDS: '~amd64 x86' }, {}, ['~amd64 keyword']);
test('another architecture', because, { KEYWORDS: 'x86' }, {}, ['missing keyword']);
test('no keywords', because, { KEYWORDS: '' }, {}, ['missing keyword']);
test('negative keywords', because, { KEYWORDS: '-* -amd64' }, {}, ['missing keyword']);
test('accepted testing', because, { KEYWORDS: '~amd64' }, { 'package.accept_keywords': 'cat/pkg\n' }, []);
test('the older name', because, { KEYWORDS: '~x86' }, { 'package.keywords': '*/* ~x86\n' }, []);
test('accepted anything', because, { KEYWORDS: '' }, { 'package.accept_keywords': 'cat/pkg **\n' }, []);
test('taken back', because, {}, { 'package.accept_keywords': 'cat/pkg -amd64\n' }, ['missing keyword']);
test('any stable', because, { KEYWORDS: 'x86' }, { 'make.conf': 'ACCEPT_KEYWORDS="x86"\n' }, []);
test('masked', because, {}, { 'package.mask': '<=cat/pkg-1\n' }, ['package.mask']);
test('unmasked', because, {}, { 'package.mask': 'cat/pkg\n', 'package.unmask': '*/pkg\n' }, []);
test('masked with flags', because, {}, { 'package.mask': 'cat/pkg[off]\n' }, ['package.mask']);
test('a licence', because, { LICENSE: 'MIT Secret' }, {}, ['Secret license(s)']);
test('a licence of two', because, { LICENSE: '|| ( Secret MIT )' }, {}, []);
test('neither of two', because, { LICENSE: '|| ( Secret Other )' }, {}, ['|| ( Secret Other ) license(s)']);
test('a licence by USE', because, { LICENSE: 'on? ( Secret ) off? ( Other )' }, {}, [
  '( Secret ) ( ) license(s)',
]);
test('a licence of a nested group', because, { LICENSE: 'GPL-2' }, {}, []);
test('an accepted licence', because, { LICENSE: 'Secret' }, { 'package.license': 'cat/pkg @EULA\n' }, []);
test('a refused licence', because, {}, { 'package.license': '*/* -@FREE\n' }, ['MIT license(s)']);
test('alternatives of several licences by USE', because, { LICENSE: '|| ( Other on? ( MIT Secret ) )' }, {}, [
  '|| ( Other ( Secret ) ) license(s)',
]);
test('one alternative of several by USE', because, { LICENSE: '|| ( Other on? ( MIT GPL-2 ) )' }, {}, []);
test('a licence that is none', because, { LICENSE: '|| MIT' }, {}, [
  'invalid: LICENSE: expected ( behind "||", found "MIT"',
]);
test('an empty any-of group', because, { LICENSE: '|| ( off? ( MIT ) )' }, {}, ['|| ( ( ) ) license(s)']);
test('properties', because, { PROPERTIES: 'live' }, { 'make.conf': 'ACCEPT_PROPERTIES="-live"\n' }, [
  'live properties',
]);
test(
  'accepted properties',
  because,
  { PROPERTIES: 'live' },
  { 'make.conf': 'ACCEPT_PROPERTIES="-live"\n', 'package.properties': 'cat/pkg live\n' },
  [],
);
test(
  'restrictions',
  because,
  { RESTRICT: 'fetch bindist off? ( bindist )' },
  { 'package.accept_restrict': '*/* -bindist\n' },
  ['bindist in RESTRICT'],
);
test(
  'an any-of group in PROPERTIES, whose operator counts as a word',
  because,
  { PROPERTIES: '|| ( live interactive )' },
  { 'make.conf': 'ACCEPT_PROPERTIES="-* live interactive"\n' },
  ['|| ( ) properties'],
);
test(
  'an any-of group in RESTRICT, of which nothing is left',
  because,
  { RESTRICT: '|| ( off? ( fetch ) )' },
  { 'make.conf': 'ACCEPT_RESTRICT="-* mirror"\n' },
  ['|| in RESTRICT'],
);
test(
  'an any-of group in RESTRICT, with everything accepted',
  because,
  { RESTRICT: '|| ( fetch mirror )' },
  {},
  [],
);
test(
  'testing for the ARCH of make.conf',
  because,
  { KEYWORDS: '~x86' },
  { 'make.conf': 'ARCH="x86"\nACCEPT_KEYWORDS="x86"\n' },
  ['~x86 keyword'],
);
test('all at once', because, { KEYWORDS: '~amd64', LICENSE: 'Secret' }, { 'package.mask': 'cat/*\n' }, [
  'package.mask',
  'Secret license(s)',
  '~amd64 keyword',
]);
test('an EAPI to come', because, { EAPI: '99' }, {}, ['EAPI 99']);

test('another CHOST hides everything', (t) => {
  t.is(
    best(open(t, { 'cat/pkg-1': {} }, { 'make.conf': 'ACCEPT_CHOSTS="i.86-.* foo"\n' }), 'cat/pkg'),
    undefined,
  );
  t.is(
    best(open(t, { 'cat/pkg-1': {} }, { 'make.conf': 'ACCEPT_CHOSTS="x86_64-.*"\n' }), 'cat/pkg'),
    'cat/pkg-1::gentoo',
  );
  const broken = open(t, { 'cat/pkg-1': {} }, { 'make.conf': 'ACCEPT_CHOSTS="("\n' });
  t.is(best(broken, 'cat/pkg'), undefined);
  t.regex(broken.warnings[0]?.message ?? '', /not a regular expression/);
});

test('masks of repositories are for their own packages and inherited by overlays', (t) => {
  const ebuilds = {
    'cat/a-1': {},
    'cat/b-1': {},
    'cat/c-1': {},
    'cat/a-1::ovl': {},
    'cat/b-1::ovl': {},
    'cat/c-1::ovl': {},
  };
  const config = open(
    t,
    ebuilds,
    {},
    {
      'repo/profiles/package.mask': 'cat/a\ncat/b\n',
      'ovl/profiles/package.mask': '-cat/b\ncat/c\nnothing\n',
    },
  );
  t.is(best(config, 'cat/a'), undefined);
  t.is(best(config, 'cat/b'), 'cat/b-1::ovl');
  t.is(best(config, 'cat/c'), 'cat/c-1::gentoo');
  t.like(config.warnings.at(-1), { line: 3 });
});

test('the user may take back any mask by name, profiles theirs', (t) => {
  const config = open(
    t,
    { 'cat/a-1': {}, 'cat/b-1': {}, 'cat/c-1': {} },
    { 'package.mask': '-cat/a\n-cat/c::gentoo\n-*\n' },
    {
      'repo/profiles/package.mask': 'cat/a\ncat/c\n',
      'repo/profiles/top/package.mask': 'cat/b\n',
    },
  );
  t.is(best(config, 'cat/a'), 'cat/a-1::gentoo');
  t.is(best(config, 'cat/b'), undefined);
  t.is(best(config, 'cat/c'), 'cat/c-1::gentoo');
  const [b] = config.tree.versions('cat/b');
  t.like(b && config.visibility.maskedBy(config.candidate(b)), { line: 1 });
  t.true(config.warnings.some(({ line, message }) => line === 3 && message.startsWith("found '-*'")));
});

test('package.license of a profile counts in its format, and gives way to the user for the same atom', (t) => {
  const ebuilds = {
    'cat/a-1': { LICENSE: 'Secret' },
    'cat/b-1': { LICENSE: 'Secret' },
    'cat/c-1': { LICENSE: 'Secret Other' },
  };
  const files = {
    'repo/profiles/top/package.license': 'cat/a Secret\ncat/b Secret\ncat/c Secret\ncat/c Other\n',
    'repo/profiles/top/parent': '../low\n',
    'repo/profiles/low/package.license/x': 'cat/b Other\n*/c -*\n',
  };
  const user = { 'package.license': 'cat/b MIT\n' };
  const plain = open(t, ebuilds, user, files);
  t.is(best(plain, 'cat/a'), undefined);
  const config = open(t, ebuilds, user, {
    ...files,
    'repo/metadata/layout.conf': 'masters =\nprofile-formats = portage-2 profile-license\n',
  });
  t.is(best(config, 'cat/a'), 'cat/a-1::gentoo');
  t.deepEqual(reasons(config, 'cat/b-1'), ['Secret license(s)']);
  t.is(best(config, 'cat/c'), 'cat/c-1::gentoo');
});

test('without ACCEPT_LICENSE everything but @EULA is accepted', (t) => {
  const config = open(t, { 'cat/a-1': { LICENSE: 'Other' }, 'cat/b-1': { LICENSE: 'Secret' } }, undefined, {
    'repo/profiles/top/make.defaults': 'ARCH="amd64"\nACCEPT_KEYWORDS="amd64"\n',
  });
  t.deepEqual(config.acceptance.license, ['*', '-@EULA']);
  t.is(best(config, 'cat/a'), 'cat/a-1::gentoo');
  t.is(best(config, 'cat/b'), undefined);
});

test('a licence group that does not exist is reported once', (t) => {
  const config = open(
    t,
    { 'cat/a-1': {}, 'cat/b-1': {} },
    { 'make.conf': 'ACCEPT_LICENSE="* -@NONE @NONE"\n' },
  );
  t.is(best(config, 'cat/a'), 'cat/a-1::gentoo');
  t.is(best(config, 'cat/b'), 'cat/b-1::gentoo');
  t.deepEqual(
    config.warnings.map(({ message }) => message).filter((message) => message.includes('license')),
    ["there is no license group 'NONE'"],
  );
});

/** An overlay whose ebuilds have no cache, beside what sourcing them gives. */
function sourced(
  t: ExecutionContext,
  results: Readonly<Record<string, Sourced>>,
): { config: Configuration; root: string } {
  const tree: Record<string, string | { readonly link: string }> = { ...base };
  for (const cpv of Object.keys(results)) tree[`ovl/${cpv.replace(/-\d.*/, '')}/${cpv.slice(4)}.ebuild`] = '';
  const root = writeTree(t, tree);
  return { root, config: openConfiguration({ root, askMetadata: ({ cpv }) => results[cpv] }) };
}

const good: Sourced = new Map(Object.entries({ EAPI: '0', SLOT: '0', KEYWORDS: 'amd64', LICENSE: 'MIT' }));

test('an ebuild that cannot be sourced does not cost its neighbours', (t) => {
  const { config, root } = sourced(t, {
    'cat/pkg-1': good,
    'cat/pkg-2': { failure: 'broken', isScript: true },
  });
  t.is(best(config, 'cat/pkg'), 'cat/pkg-1::ovl');
  t.is(best(config, 'cat/pkg:0'), 'cat/pkg-1::ovl');
  t.deepEqual(reasons(config, 'cat/pkg-2'), ['corruption: cat/pkg-2::ovl cannot be sourced: broken']);
  t.deepEqual(
    config.warnings.filter(({ file }) => file.endsWith('.ebuild')),
    [
      {
        file: `${root}/ovl/cat/pkg/pkg-2.ebuild`,
        line: 0,
        message: 'cat/pkg-2::ovl cannot be sourced: broken; it is passed over',
      },
    ],
  );
});

test('one that is no script ends everything, as it ends emerge', (t) => {
  const { config } = sourced(t, {
    'cat/pkg-1': good,
    'cat/pkg-2': { failure: "line 2: unexpected token `;'", isScript: false },
    'cat/low-1': { failure: 'never looked at', isScript: false },
    'cat/low-2': good,
  });
  const error = t.throws(() => best(config, 'cat/pkg'), { instanceOf: LvfsError });
  t.is(error.code, 'EBUILD_SYNTAX');
  t.is(error.exit, 22);
  t.is(best(config, 'cat/low'), 'cat/low-2::ovl');
});

test("an overlay's own masks and forces decide about conditionals of LICENSE", (t) => {
  const config = open(
    t,
    {
      'cat/masked-1::ovl': { IUSE: 'x', LICENSE: 'MIT x? ( Secret )' },
      'cat/forced-1::ovl': { IUSE: 'y', LICENSE: 'MIT y? ( Secret )' },
    },
    { 'make.conf': 'USE="x"\n' },
    { 'ovl/profiles/use.mask': 'x\n', 'ovl/profiles/use.force': 'y\n' },
  );
  t.is(best(config, 'cat/masked'), 'cat/masked-1::ovl');
  t.is(best(config, 'cat/forced'), undefined);
});
