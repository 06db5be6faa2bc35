import { createHash } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import fc from '../../../helpers/fastCheck.js';
import { LvfsError } from '../../../../src/base/index.js';
import {
  EbuildTree,
  type MetadataSource,
  parseCacheEntry,
} from '../../../../src/portage/repos/ebuildTree.js';
import { listedRepositories, loadRepositories } from '../../../../src/portage/repos/reposConf.js';
import type { Ebuild, Repositories } from '../../../../src/portage/repos/repository.js';
import { RootFiles } from '../../../../src/portage/rootFiles.js';
import type { DataWarning } from '../../../../src/portage/types.js';
import { addTree, type Tree, writeTree } from '../../../helpers/writeTree.js';

const repositories: Tree = {
  'r/gentoo/profiles/repo_name': 'gentoo\n',
  'r/gentoo/metadata/layout.conf': 'masters =\nprofile-formats = portage-2\n',
  'r/one/profiles/repo_name': 'one\n',
  'r/one/metadata/layout.conf': 'masters = gentoo\naliases = uno -zwei\n',
  'r/two/profiles/repo_name': 'two\n',
};

interface Loaded {
  readonly root: string;
  readonly repositories: Repositories;
  readonly warnings: readonly DataWarning[];
}

function load(t: ExecutionContext, conf: Tree, portdir = '', overlays: readonly string[] = []): Loaded {
  const root = writeTree(t, { ...repositories, ...conf });
  const warnings: DataWarning[] = [];
  const files = new RootFiles(root);
  const loaded = loadRepositories(
    files,
    {
      ownConf: { text: '[DEFAULT]\nmain-repo = gentoo\n[gentoo]\nlocation = /var/db/repos/gentoo\n' },
      userConf: files.at('/etc/repos.conf'),
      variables: new Map([
        ['eprefix', ''],
        ['root', '/'],
      ]),
      portdir,
      portdirOverlay: overlays,
    },
    (warning) => warnings.push(warning),
  );
  return { root, repositories: loaded, warnings };
}

const names = (loaded: Loaded): string[] => [...loaded.repositories].map((repository) => repository.name);

const gentoo = '[gentoo]\nlocation = /r/gentoo\n';

test('priorities order the repositories, and the main one comes first without any', (t) => {
  const loaded = load(t, {
    'etc/repos.conf': `${gentoo}[two]\nlocation = /r/two\npriority = 5\n[one]\nlocation: /r/one\n`,
  });
  t.deepEqual(names(loaded), ['gentoo', 'one', 'two']);
  t.is(loaded.repositories.main?.name, 'gentoo');
  t.is(loaded.repositories.main?.priority, -1000);
  t.is(loaded.repositories.get('uno')?.name, 'one');
  t.is(loaded.repositories.get('zwei'), undefined);
  t.deepEqual(
    loaded.repositories.get('one')?.masters.map((master) => master.name),
    ['gentoo'],
  );
  t.deepEqual(
    loaded.warnings.map(({ file, message }) => [file.slice(loaded.root.length), message]),
    [['/r/two/metadata/layout.conf', "masters: found none, 'gentoo' is assumed"]],
  );
});

test('a folder is read file by file; later values win; masters may be set', (t) => {
  const loaded = load(t, {
    'etc/repos.conf/10': `${gentoo}[one]\nlocation = /nowhere\n`,
    'etc/repos.conf/20': '[DEFAULT]\nmain-repo = one\nbase = r\n[one]\nLocation = /%(base)s/one\nmasters =\n',
    'etc/repos.conf/30~': '[one',
  });
  t.is(loaded.repositories.main?.name, 'one');
  t.deepEqual(loaded.repositories.get('one')?.masters, []);
  t.deepEqual(loaded.warnings, []);
});

test('a location may lie behind a link that is absolute inside the root', (t) => {
  const loaded = load(t, {
    'etc/repos.conf': '[gentoo]\nlocation = %(ROOT)slink\n',
    link: { link: '/r/gentoo' },
  });
  t.is(loaded.repositories.main?.location, `${loaded.root}/r/gentoo`);
  t.is(loaded.repositories.containing(`${loaded.root}/r/gentoo/a/b`)?.name, 'gentoo');
});

test('PORTDIR and PORTDIR_OVERLAY still work', (t) => {
  const loaded = load(t, {}, '/r/gentoo', ['/r/two', '/none', '/r/one']);
  t.deepEqual(names(loaded), ['gentoo', 'two', 'one']);
  t.is(loaded.repositories.main?.name, 'gentoo');
  t.true(loaded.warnings.some(({ file }) => file === `${loaded.root}/none`));
});

const ignored = test.macro({
  exec(t, conf: string, line: number, message: RegExp) {
    const loaded = load(t, { 'etc/repos.conf': conf });
    const found = loaded.warnings.find((warning) => message.test(warning.message));
    t.truthy(found, JSON.stringify(loaded.warnings));
    t.is(found?.file, `${loaded.root}/etc/repos.conf`);
    t.is(found?.line, line);
  },
  title: (_, conf: string) => `reports the place of ${JSON.stringify(conf)}`,
});
test(ignored, '[gentoo]\nfoo\n', 2, /found 'foo', expected 'name = value'; .* ignores repos.conf as a whole/);
test(ignored, 'a = b\n', 1, /expected a section/);
test(ignored, '[a]\nx = 1\nX = 2\n', 3, /a second 'x' in \[a\]/);
test(ignored, '[a]\n[b]\n[a]\n', 3, /a second section \[a\]/);
test(ignored, '\n[a]\nlocation = 100%\n', 2, /single '%'/);
test(ignored, '[a]\nlocation = %(x)s\n', 1, /no 'x'/);
test(ignored, '[a]\nx = %(y)s\ny = %(x)s\n', 1, /refers to itself/);
test(ignored, '[a]\nx = 1\n', 1, /no 'location'/);
test(ignored, '[a]\nlocation = /none\n', 1, /'\/none' is not a directory/);
test(ignored, '# c\n[a]\nlocation = /r/one\n', 2, /whose own name is 'one'/);
test(ignored, '[a]\nlocation = /etc\n[DEFAULT]\nmain-repo = x\n', 0, /there is no repository 'x'/);

test('what nobody has written is nobody’s mistake', (t) => {
  t.deepEqual(load(t, { 'var/empty': '' }).warnings, []);
});

test('no repos.conf makes the reader hang, overflow or throw', (t) => {
  const root = writeTree(t, { 'etc/repos.conf': '' });
  const files = new RootFiles(root);
  const piece = fc.constantFrom(
    ...['[', ']', 'a', '=', ':', '\n', ' ', '%(a)s', '%', 'location', '/etc', '#', 'DEFAULT'],
  );
  const loads = fc.property(
    fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')),
    (text) => {
      addTree(root, { 'etc/repos.conf': text });
      const variables = new Map<string, string>();
      const userConf = `${root}/etc/repos.conf`;
      const where = { ownConf: { text: '' }, userConf, variables, portdir: '', portdirOverlay: [] };
      loadRepositories(files, where, () => undefined);
    },
  );
  t.notThrows(() => fc.assert(loads, { numRuns: 500 }));
});

test('listed repositories need no repos.conf; the first is the main one', (t) => {
  const root = writeTree(t, repositories);
  const files = new RootFiles('/');
  const listed = listedRepositories(
    files,
    [`${root}/r/gentoo`, `${root}/r/two`, `${root}/r/one`],
    () => undefined,
  );
  t.deepEqual(
    [...listed].map(({ name }) => name),
    ['gentoo', 'two', 'one'],
  );
  t.is(listed.main?.name, 'gentoo');
  for (const wrong of [[`${root}/none`], [`${root}/r/one`, `${root}/r/one`]]) {
    t.is(
      t.throws(() => listedRepositories(files, wrong, () => undefined), { instanceOf: LvfsError }).code,
      'NO_REPOSITORY',
    );
  }
});

const layout = test.macro({
  exec(t, tree: Tree, expected: object) {
    const root = writeTree(t, { 'x/profiles/repo_name': 'x\n', ...tree });
    const [repository] = listedRepositories(new RootFiles('/'), [`${root}/x`], () => undefined);
    t.like(repository, expected);
  },
  title: (title) => `a repository says about itself: ${title}`,
});
test(
  'nothing',
  layout,
  {},
  { name: 'x', eapi: '0', profileFormats: ['portage-1-compat'], allowsDirectories: true },
);
test('an EAPI', layout, { 'x/profiles/eapi': '5\n' }, { eapi: '0', profilesEapi: '5' });
test(
  'profile-formats = pms',
  layout,
  { 'x/metadata/layout.conf': 'profile-formats = pms bogus\n' },
  { profileFormats: ['pms'], allowsDirectories: false },
);
test(
  'EAPI 7',
  layout,
  { 'x/profiles/eapi': '7' },
  { profileFormats: ['portage-1'], allowsDirectories: true },
);
test('EAPI 9', layout, { 'x/profiles/eapi': '9\n' }, { eapi: '9' });
test(
  'an EAPI for profiles without one',
  layout,
  { 'x/metadata/layout.conf': 'profile-formats = profile-default-eapi\nprofile_eapi_when_unspecified = 8\n' },
  { eapi: '8', allowsDirectories: true },
);
test('another name', layout, { 'x/metadata/layout.conf': 'repo-name = my repo!\n' }, { name: 'my-repo' });
test('a name that is none', layout, { 'x/profiles/repo_name': ' -a b/c \n' }, { name: 'a-b-c' });
test('no cache', layout, { 'x/metadata/layout.conf': 'cache-formats = pms\n' }, { hasMetadataCache: false });

test('a line of layout.conf that is no setting is reported', (t) => {
  const root = writeTree(t, { 'x/profiles/repo_name': 'x\n', 'x/metadata/layout.conf': '# c\nmasters\n' });
  const warnings: DataWarning[] = [];
  listedRepositories(new RootFiles('/'), [`${root}/x`], (warning) => warnings.push(warning));
  t.deepEqual(warnings, [
    { file: `${root}/x/metadata/layout.conf`, line: 2, message: "found 'masters', expected 'key = value'" },
  ]);
});

test('a cache entry is lines of KEY=value', (t) => {
  t.deepEqual(
    [...(parseCacheEntry('SLOT=0\nDESCRIPTION=a=b\n') ?? [])],
    [
      ['SLOT', '0'],
      ['DESCRIPTION', 'a=b'],
      ['EAPI', '0'],
    ],
  );
  t.is(parseCacheEntry('SLOT=0\nx\n'), undefined);
});

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

function ebuilds(
  t: ExecutionContext,
  tree: Tree,
  ask?: MetadataSource,
): { root: string; tree: EbuildTree; warnings: DataWarning[] } {
  const root = writeTree(t, { ...repositories, ...tree });
  const warnings: DataWarning[] = [];
  const warn = (warning: DataWarning): void => void warnings.push(warning);
  const files = new RootFiles('/');
  const listed = listedRepositories(files, [`${root}/r/gentoo`, `${root}/r/one`], () => undefined);
  const made = new EbuildTree(files, listed, {
    categories: () => new Set(['cat', 'dog']),
    depcache: `${root}/dep`,
    ask,
    warn,
  });
  return { root, tree: made, warnings };
}

const cpvs = (list: readonly Ebuild[]): string[] =>
  list.map(({ cpv, repository }) => `${cpv}::${repository.name}`);

test('a repository without ebuilds is its cache', (t) => {
  const { tree } = ebuilds(t, {
    'r/gentoo/metadata/md5-cache/cat/pkg-2': 'EAPI=8\nSLOT=0\n',
    'r/gentoo/metadata/md5-cache/cat/pkg-10': 'SLOT=1\n',
    'r/gentoo/metadata/md5-cache/cat/pkg-tool-1': 'SLOT=1\n',
    'r/gentoo/metadata/md5-cache/cat/no-version': '',
    'r/gentoo/metadata/md5-cache/bad/pkg-1': 'SLOT=0\n',
    'r/one/metadata/md5-cache/cat/pkg-2': 'EAPI=7\nSLOT=0\n',
    'r/one/metadata/md5-cache/dog/pkg-1': 'EAPI=7\nSLOT=0\n',
  });
  t.deepEqual(cpvs(tree.versions('cat/pkg')), ['cat/pkg-2::gentoo', 'cat/pkg-2::one', 'cat/pkg-10::gentoo']);
  t.deepEqual(tree.versions('bad/pkg'), []);
  t.deepEqual(tree.versions('nothing'), []);
  t.deepEqual(tree.named('pkg'), ['cat/pkg', 'dog/pkg']);
  const [first, second] = tree.versions('cat/pkg');
  t.is(first && tree.metadata(first).get('EAPI'), '8');
  t.is(second && tree.metadata(second).get('EAPI'), '7');
});

const text = 'EAPI=8\nSLOT=0\n';
const eclass = 'inherited\n';

function fresh(
  t: ExecutionContext,
  entry: string,
  more: Tree = {},
  ask?: MetadataSource,
): string | undefined {
  const { tree } = ebuilds(
    t,
    {
      'r/one/cat/pkg/pkg-1.ebuild': text,
      'r/one/metadata/md5-cache/cat/pkg-1': entry,
      'r/gentoo/eclass/e.eclass': eclass,
      'r/gentoo/cat/other/other-1.ebuild': '',
      ...more,
    },
    ask,
  );
  const [ebuild] = tree.versions('cat/pkg');
  return ebuild && tree.metadata(ebuild).get('SLOT');
}

test('an entry counts when its checksums are those of the ebuild and its eclasses', (t) => {
  t.is(fresh(t, `SLOT=5\n_md5_=${md5(text)}\n`), '5');
  t.is(fresh(t, `SLOT=5\n_eclasses_=e\t${md5(eclass)}\n_md5_=${md5(text)}\n`), '5');
});

const stale = test.macro({
  exec(t, entry: string, more: Tree = {}) {
    const error = t.throws(() => fresh(t, entry, more), { instanceOf: LvfsError });
    t.is(error.code, 'STALE_METADATA');
    t.is(error.exit, 22);
    t.true(error.message.startsWith('cat/pkg-1::one has only an outdated entry'));
    t.is(error.hint, 'run: egencache --update --repo one cat/pkg');
  },
  title: (title) => `an entry does not count: ${title}`,
});
test('of another ebuild', stale, `SLOT=5\n_md5_=${md5('x')}\n`);
test('without a checksum', stale, 'SLOT=5\n');
test('of another eclass', stale, `SLOT=5\n_eclasses_=e\t${md5('x')}\n_md5_=${md5(text)}\n`);
test('of an eclass that is gone', stale, `SLOT=5\n_eclasses_=f\t${md5('x')}\n_md5_=${md5(text)}\n`);
test(
  'of an eclass that the repository has itself',
  stale,
  `SLOT=5\n_eclasses_=e\t${md5(eclass)}\n_md5_=${md5(text)}\n`,
  {
    'r/one/eclass/e.eclass': 'own\n',
  },
);
test('with damaged eclasses', stale, `SLOT=5\n_eclasses_=e\n_md5_=${md5(text)}\n`);
test('with a line that is none', stale, `SLOT=5\nx\n_md5_=${md5(text)}\n`);

test('a damaged entry is reported with its line', (t) => {
  const { tree, warnings, root } = ebuilds(t, { 'r/one/metadata/md5-cache/cat/pkg-1': 'SLOT=0\nx\n' });
  const [ebuild] = tree.versions('cat/pkg');
  t.throws(() => ebuild && tree.metadata(ebuild), { instanceOf: LvfsError });
  t.deepEqual(
    warnings.map(({ file, line }) => [file, line]),
    [[`${root}/r/one/metadata/md5-cache/cat/pkg-1`, 2]],
  );
});

test('without a valid entry Portage is asked, once', (t) => {
  const asked: string[] = [];
  const ask: MetadataSource = (ebuild, file) => {
    asked.push(`${ebuild.cpv} ${file.slice(file.indexOf('/r/'))}`);
    return new Map([['SLOT', '7']]);
  };
  t.is(fresh(t, 'SLOT=5\n', {}, ask), '7');
  t.deepEqual(asked, ['cat/pkg-1 /r/one/cat/pkg/pkg-1.ebuild']);
});

test("Portage's own cache is used for a repository without one", (t) => {
  const root = writeTree(t, {
    ...repositories,
    'r/one/cat/pkg/pkg-1.ebuild': text,
    'r/one/eclass/e.eclass': eclass,
    'r/gentoo/cat/other/other-1.ebuild': '',
    'dep/r/one/cat/pkg-1': `SLOT=6\n_eclasses_=e\t/r/one/eclass\t${md5(eclass)}\n_md5_=${md5(text)}\n`,
  });
  const files = new RootFiles(root);
  const listed = listedRepositories(files, [`${root}/r/one`], () => undefined);
  const tree = new EbuildTree(files, listed, {
    categories: () => new Set(['cat']),
    depcache: files.at('/dep'),
    warn: () => undefined,
  });
  const [ebuild] = tree.versions('cat/pkg');
  t.is(ebuild && tree.metadata(ebuild).get('SLOT'), '6');
});

test('eclass-overrides decides which eclass an entry must have been made with', (t) => {
  const slotWith = (overrides: string): string | undefined => {
    const root = writeTree(t, {
      'etc/repos.conf': `[DEFAULT]\nmain-repo = gentoo\n[gentoo]\nlocation = /r/gentoo\n${overrides}[one]\nlocation = /r/one\n`,
      ...repositories,
      'r/gentoo/cat/pkg/pkg-1.ebuild': text,
      'r/gentoo/eclass/e.eclass': eclass,
      'r/one/eclass/e.eclass': 'changed\n',
      'r/gentoo/metadata/md5-cache/cat/pkg-1': `SLOT=5\n_eclasses_=e\t${md5(eclass)}\n_md5_=${md5(text)}\n`,
      'dep/r/gentoo/cat/pkg-1': `SLOT=6\n_eclasses_=e\t/r/one/eclass\t${md5('changed\n')}\n_md5_=${md5(text)}\n`,
    });
    const files = new RootFiles(root);
    const loaded = loadRepositories(
      files,
      {
        ownConf: { text: '' },
        userConf: files.at('/etc/repos.conf'),
        variables: new Map(),
        portdir: '',
        portdirOverlay: [],
      },
      () => undefined,
    );
    const tree = new EbuildTree(files, loaded, {
      categories: () => new Set(['cat']),
      depcache: files.at('/dep'),
      warn: () => undefined,
    });
    const [ebuild] = tree.versions('cat/pkg');
    return ebuild && tree.metadata(ebuild).get('SLOT');
  };
  t.is(slotWith(''), '5');
  t.is(slotWith('eclass-overrides = one\n'), '6');
  t.is(slotWith('eclass-overrides = none\n'), '5');
});

test('why the metadata of an ebuild cannot be had is remembered', (t) => {
  let asked = 0;
  const { tree } = ebuilds(t, { 'r/one/cat/pkg/pkg-1.ebuild': text }, () => {
    asked++;
    return { failure: 'broken', isScript: true };
  });
  const [ebuild] = tree.versions('cat/pkg');
  const corruption = ebuild && tree.corruption(ebuild);
  if (corruption === undefined) return void t.fail();
  t.is(corruption.code, 'UNSOURCEABLE');
  t.is(corruption.message, 'cat/pkg-1::one cannot be sourced: broken');
  t.is(
    t.throws(() => ebuild && tree.metadata(ebuild)),
    corruption,
  );
  t.is(asked, 1);
});

test('an ebuild of an EAPI to come is known by its EAPI alone', (t) => {
  const { tree } = ebuilds(t, { 'r/one/cat/pkg/pkg-1.ebuild': '# c\n\nEAPI="99" # new\n' });
  const [ebuild] = tree.versions('cat/pkg');
  t.is(ebuild && tree.metadata(ebuild).get('EAPI'), '99');
});

test('files that are no ebuilds are left out; ebuilds with wrong names are reported', (t) => {
  const { tree, warnings, root } = ebuilds(t, {
    'r/one/cat/pkg/pkg-1.ebuild': text,
    'r/one/cat/pkg/pkg-1.0.2-r3.ebuild': text,
    'r/one/cat/pkg/other-1.ebuild': text,
    'r/one/cat/pkg/pkg.ebuild': text,
    'r/one/cat/pkg/metadata.xml': '',
  });
  t.deepEqual(cpvs(tree.versions('cat/pkg')), ['cat/pkg-1::one', 'cat/pkg-1.0.2-r3::one']);
  t.deepEqual(
    warnings.map(({ file }) => file.slice(root.length)),
    ['/r/one/cat/pkg/other-1.ebuild', '/r/one/cat/pkg/pkg.ebuild'],
  );
});

test('an ebuild is found by its path', (t) => {
  const { tree, root } = ebuilds(t, { 'r/one/cat/pkg/pkg-1.ebuild': text, link: { link: 'r/one' } });
  t.is(tree.atPath(`${root}/link/cat/pkg/pkg-1.ebuild`)?.cpv, 'cat/pkg-1');
  for (const wrong of [
    'r/one/cat/pkg/pkg-2.ebuild',
    'r/one/cat/pkg',
    'r/one/profiles/repo_name',
    'nothing',
  ]) {
    t.is(tree.atPath(`${root}/${wrong}`), undefined);
  }
});
