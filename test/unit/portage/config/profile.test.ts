import test, { type ExecutionContext } from 'ava';
import { LvfsError } from '../../../../src/base/index.js';
import { openConfiguration } from '../../../../src/portage/config/configuration.js';
import { type Tree, writeTree } from '../../../helpers/writeTree.js';

const base: Tree = {
  'etc/portage/repos.conf': '[gentoo]\nlocation = /repo\n[ovl]\nlocation = /ovl\n',
  'repo/profiles/repo_name': 'gentoo\n',
  'repo/metadata/layout.conf': 'masters =\nprofile-formats = portage-2\n',
  'repo/profiles/base/eapi': '8\n',
  'repo/profiles/a/parent': '../base # the base\n',
  'repo/profiles/b/parent': ':base\n../a\n',
  'ovl/profiles/repo_name': 'ovl\n',
  'ovl/metadata/layout.conf': 'masters = gentoo\nprofile-formats = pms\n',
};

function stackOf(t: ExecutionContext, tree: Tree): string[] {
  const root = writeTree(t, { ...base, ...tree });
  return openConfiguration({ root }).profile.map(({ directory }) => directory.slice(root.length));
}

test('parents come first, each time they are reached, and the user last', (t) => {
  t.deepEqual(
    stackOf(t, {
      'etc/portage/make.profile': { link: '/repo/profiles/b' },
      'etc/portage/profile/use.mask': '',
    }),
    [
      '/repo/profiles/base',
      '/repo/profiles/base',
      '/repo/profiles/a',
      '/repo/profiles/b',
      '/etc/portage/profile',
    ],
  );
});

test('the link may be at the old place, relative, or a folder with parents in repositories', (t) => {
  t.deepEqual(stackOf(t, { 'etc/make.profile': { link: '../repo/profiles/base' } }), ['/repo/profiles/base']);
  t.deepEqual(stackOf(t, { 'etc/portage/make.profile/parent': 'gentoo:base\n/repo/profiles/base\n' }), [
    '/repo/profiles/base',
    '/repo/profiles/base',
    '/etc/portage/make.profile',
  ]);
});

const invalid = test.macro({
  exec(t, tree: Tree, place: string, message: RegExp) {
    const root = writeTree(t, { ...base, 'etc/portage/make.profile': { link: '/repo/profiles/x' }, ...tree });
    const error = t.throws(() => openConfiguration({ root }).profile, { instanceOf: LvfsError });
    t.is(error.code, 'PROFILE');
    t.is(error.exit, 22);
    t.true(error.message.startsWith(`${root}${place}: `), error.message);
    t.regex(error.message, message);
    t.truthy(error.hint);
  },
  title: (title) => `a profile is invalid: ${title}`,
});
const x = 'repo/profiles/x';
test(
  'a parent that does not exist',
  invalid,
  { [`${x}/parent`]: '../base\n../none\n' },
  `/${x}/parent:2`,
  /'\.\.\/none' does not/,
);
test('an empty parent file', invalid, { [`${x}/parent`]: '# c\n' }, `/${x}/parent`, /expected at least one/);
test(
  'an unknown repository',
  invalid,
  { [`${x}/parent`]: 'none:base\n' },
  `/${x}/parent:1`,
  /no repository 'none'/,
);
test(
  'an unknown EAPI',
  invalid,
  { [`${x}/eapi`]: '99\n' },
  `/${x}/eapi:1`,
  /found '99', expected a supported EAPI/,
);
test(
  'a circle',
  invalid,
  { [`${x}/parent`]: '../y\n', 'repo/profiles/y/parent': '../x\n' },
  '/repo/profiles/y/parent',
  /parent of itself/,
);
test(
  'a colon where the format has none',
  invalid,
  { 'etc/portage/make.profile': { link: '/ovl/profiles/z' }, 'ovl/profiles/z/parent': 'gentoo:base\n' },
  '/ovl/profiles/z/parent:1',
  /does not exist/,
);

test('parents that multiply without end are refused', (t) => {
  const tree: Record<string, string> = { 'repo/profiles/p0/use.mask': '' };
  for (let i = 1; i < 20; i++) tree[`repo/profiles/p${i}/parent`] = `../p${i - 1}\n../p${i - 1}\n`;
  const error = t.throws(
    () => stackOf(t, { ...tree, 'etc/portage/make.profile': { link: '/repo/profiles/p19' } }),
    { instanceOf: LvfsError },
  );
  t.regex(error.message, /more than/);
});

test('a system without a profile says so', (t) => {
  const root = writeTree(t, { ...base, 'etc/portage/make.conf': '' });
  const error = t.throws(() => openConfiguration({ root }).profile, { instanceOf: LvfsError });
  t.is(error.code, 'NO_PROFILE');
  t.true(error.message.includes('/etc/portage/make.profile'));
  const elsewhere = writeTree(t, { 'var/db/pkg/x': '' });
  const none = t.throws(() => openConfiguration({ root: elsewhere }).profile, { instanceOf: LvfsError });
  t.regex(none.message, /etc\/portage' is not there: this is no Gentoo system$/);
});

test('a deprecated profile and a bad eapi file of the user are reported', (t) => {
  const root = writeTree(t, {
    ...base,
    'etc/portage/make.profile': { link: '/repo/profiles/a' },
    'repo/profiles/a/deprecated': 'default/new\n\nplease move\n',
    'etc/portage/profile/eapi': '8\n7\n',
  });
  const config = openConfiguration({ root });
  t.is(config.profile.at(-1)?.eapi, undefined);
  t.deepEqual(
    config.warnings.map(({ file, message }) => [file.slice(root.length), message]),
    [
      ['/repo/profiles/a/deprecated', "the profile is deprecated, use 'default/new'"],
      ['/etc/portage/profile/eapi', 'found 2 lines, expected one with an EAPI'],
    ],
  );
});

test('folders in place of files are refused where the profile does not allow them', (t) => {
  const root = writeTree(t, {
    ...base,
    'etc/portage/make.profile': { link: '/ovl/profiles/z' },
    'ovl/profiles/z/make.defaults': 'ARCH="amd64"\n',
    'ovl/profiles/z/use.mask/x': 'flag\n',
  });
  const error = t.throws(() => openConfiguration({ root }).globalUse, { instanceOf: LvfsError });
  t.is(error.code, 'UNREADABLE');
  t.true(error.message.includes('use.mask'));
});
