import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  hostKind,
  LiveChanges,
  nodeState,
  rule,
  ruleNames,
  type ViewSettings,
} from '../../../src/view/index.js';
import { gentooRoot, type GentooRootSpec } from '../../helpers/gentooRoot.js';
import { pkgs } from '../../helpers/installed.js';
import { openTestView, type OpenedView } from '../../helpers/withView.js';

/** A system with a bit of everything; `hidden` and `shown` packages are named so. */
const spec: GentooRootSpec = {
  packages: {
    'sys-libs/shown-1.2': {
      files: {
        '/usr/bin/shown': 'x',
        '/usr/lib64/libshown.so.1': 'x',
        '/usr/share/shared/by-shown': 'x',
        '/usr/share/empty': { directory: true },
        '/usr/lib/python3/shown.py': 'x',
        '/usr/lib/python3/lost.py': null,
        '/usr/share/both': 'x',
        '/usr/share/deep/in/hidden/shown': 'x',
        '/usr/share/gone/file': null,
        'latin1:/usr/share/caf\xe9': 'x',
      },
    },
    'dev-libs/hidden-2-r1': {
      files: {
        '/usr/bin/hidden': 'x',
        '/usr/share/hidden': { directory: true },
        '/usr/share/hidden-tree/a/b': 'x',
        '/usr/share/both': 'x',
        '/usr/share/deep/in/hidden': { directory: true },
        '/usr/lib/python3/hidden.py': 'x',
        '/usr/bin/hidden-link': { link: 'shown' },
        '/etc/alternatives': { directory: true },
        '/opt': { directory: true },
        '/tools/lib/hidden': 'x',
        '/usr/share/hidden-links': { directory: true },
        '/etc/env.d/20hidden': 'x',
        '/usr/share/gone': { directory: true },
      },
    },
    'dev-libs/glib-2.80.1': { files: { '/usr/lib64/libglib.so': 'x' } },
  },
  files: {
    '/lib64': { link: 'usr/lib64' },
    '/usr/bin/to-shown': { link: 'shown' },
    '/usr/bin/to-hidden': { link: 'hidden' },
    '/usr/bin/absolute': { link: '/usr/bin/shown' },
    '/usr/bin/over-two': { link: '/etc/alternatives/tool' },
    '/etc/alternatives/tool': { link: '../../usr/bin/to-shown' },
    '/etc/alternatives/other': { link: '/usr/bin/hidden' },
    '/usr/bin/via-hidden-link': { link: 'hidden-link' },
    '/usr/bin/via-lib64': { link: '/lib64/libshown.so.1' },
    '/usr/bin/dangling': { link: 'nothing' },
    '/usr/bin/loop': { link: 'loop2' },
    '/usr/bin/loop2': { link: 'loop' },
    '/usr/bin/out': { link: '../../../../../../usr/bin/shown' },
    '/usr/bin/to-unowned': { link: '/usr/local/bin/tool' },
    '/usr/bin/to-directory': { link: '../share/shared' },
    '/usr/bin/not-a-directory': { link: 'shown/' },
    '/usr/share/hidden-links/tool': { link: '/usr/bin/shown' },
    '/usr/local/bin/tool': 'x',
    '/usr/local/lib/nothing': 'x',
    '/usr/local/share/man': { link: '../lib' },
    '/usr/lib/cycle/a': { link: '../cycle' },
    '/usr/lib/cycle2/x': { link: '../cycle3' },
    '/usr/lib/cycle3/y': { link: '../cycle2' },
    '/usr/lib/cycle4/x': { link: '../cycle5' },
    '/usr/lib/cycle5/y': { link: '../cycle4' },
    '/usr/lib/cycle5/z': { link: '/usr/bin/shown' },
    '/opt/litter/bin/shown': { link: '/usr/bin/shown' },
    '/opt/litter/lib/x': 'x',
    '/opt/other/x': 'x',
    '/tools/bin/shown': { link: '/usr/bin/shown' },
    '/data/bin/shown': { link: '/usr/bin/shown' },
    '/var/litter/shown': { link: '/usr/bin/shown' },
    '/usr/bin/over-data': { link: '/data/bin/shown' },
    '/top-link': { link: 'usr/bin/shown' },
    '/usr/src/linux': { link: '../share/shared' },
    '/usr/src/unpacked/shown': { link: '/usr/bin/shown' },
    '/home/user/bin/shown': { link: '/usr/bin/shown' },
    '/usr/bin/to-home': { link: '/home/user/file' },
    '/home/user/file': 'x',
    '/usr/lib/python3/__pycache__/shown.cpython-312.pyc': 'x',
    '/usr/lib/python3/__pycache__/shown.cpython-312.opt-1.pyc': 'x',
    '/usr/lib/python3/__pycache__/hidden.cpython-312.pyc': 'x',
    '/usr/lib/python3/__pycache__/lost.cpython-312.pyc': 'x',
    '/usr/lib/python3/__pycache__/shown.txt': 'x',
    '/usr/lib/python3/other/__pycache__/x.cpython-312.pyc': 'x',
    '/etc/passwd': 'x',
    '/etc/env.d/gcc/config': 'x',
    '/etc/unknown': 'x',
    '/etc/localtime': { link: '/usr/bin/hidden' },
    '/usr/share/glib-2.0/schemas/gschemas.compiled': 'x',
    '/usr/share/glib-2.0/schemas/litter': 'x',
    '/usr/share/icons/hicolor/icon-theme.cache': 'x',
    '/proc/1/status': 'x',
    '/var/tmp/portage/x': 'x',
    '/var/db/pkg/dev-libs/-MERGING-new-1/CONTENTS': '',
    '/var/db/pkg/empty-category/.keep': '',
    '/var/db/.pkg.portage_lockfile': '',
  },
};

function ruleFor({ view }: OpenedView, path: string): string {
  const found = view.canonical(Buffer.from(path, 'latin1'));
  if (found === undefined) return 'loop';
  if (found.kind === hostKind.missing && !view.isAlwaysThere(found.node)) return 'absent';
  const kind = found.kind === hostKind.missing ? hostKind.directory : found.kind;
  const decided = view.decide(found.node, kind);
  const isVisible = view.isVisible(found.node, kind);
  return `${isVisible ? '+' : '-'}${ruleNames.get(decided)}`;
}

async function opened(
  t: ExecutionContext,
  settings: Partial<ViewSettings> = {},
  visible = ['sys-libs/shown-1.2'],
) {
  const gentoo = await gentooRoot(spec);
  t.teardown(gentoo.cleanup);
  return openTestView({ root: gentoo.root, visible, metadataOnly: [], settings });
}

const table = test.macro(
  async (
    t,
    settings: Partial<ViewSettings>,
    expected: Readonly<Record<string, string>>,
    visible?: string[],
  ) => {
    const view = await opened(t, settings, visible);
    const found = Object.fromEntries(Object.keys(expected).map((path) => [path, ruleFor(view, path)]));
    t.deepEqual(found, expected);
    t.deepEqual(view.messages, []);
    // The order of questions must not matter.
    const again = await opened(t, settings, visible);
    const backwards = Object.keys(expected).reverse();
    t.deepEqual(Object.fromEntries(backwards.map((path) => [path, ruleFor(again, path)])), expected);
  },
);

test(
  'rules 3 and 4: what packages own follows its owners',
  table,
  {},
  {
    '/usr/bin/shown': '+owned',
    '/usr/bin/hidden': '-hidden-owner',
    '/usr/share/both': '+owned',
    '/usr/bin/hidden-link': '-hidden-owner',
    '/usr/share/empty': '+owned',
    '/usr/share/hidden': '-hidden-owner',
    '/usr/share/gone/file': 'absent',
    '/usr/share/caf\xe9': '+owned',
    '/lib64/libshown.so.1': '+owned',
  },
);

test(
  'rule 5: directories follow their contents, whoever owns them',
  table,
  {},
  {
    '/': '+ancestor',
    '/usr': '+owned',
    '/usr/share/deep/in/hidden': '+owned',
    '/usr/share/hidden-tree': '-hidden-owner',
    '/usr/share/hidden-links': '+ancestor',
    '/etc/alternatives': '+ancestor',
    '/usr/share/gone': '+owned',
    '/usr/local': '-unowned',
    '/usr/local/share': '-unowned',
    '/opt': '+ancestor',
    '/opt/litter': '+ancestor',
    '/opt/litter/bin': '+ancestor',
    '/opt/litter/lib': '-unowned',
    '/opt/other': '-unowned',
    '/home': '-unowned',
  },
);

test(
  'directories at the top that no package uses are nobody’s business',
  table,
  {},
  {
    '/tools': '+ancestor',
    '/tools/bin/shown': '+symlink',
    '/tools/lib': '-hidden-owner',
    '/data': '-unowned',
    '/data/bin': '-unowned',
    '/data/bin/shown': '-unowned',
    '/var/litter/shown': '+symlink',
    '/usr/bin/over-data': '-unowned',
    '/top-link': '+symlink',
    '/usr/src': '+ancestor',
    '/usr/src/linux': '+symlink',
    '/usr/src/unpacked': '-unowned',
  },
);

test(
  'a glob shows what is in them all the same',
  table,
  { overrides: { show: ['/data/bin/*'], hide: [] } },
  { '/data': '+ancestor', '/data/bin/shown': '+show', '/usr/bin/over-data': '+symlink' },
);

test(
  'rule 6: unowned links to something visible, through any number of links',
  table,
  {},
  {
    '/usr/bin/to-shown': '+symlink',
    '/usr/bin/to-hidden': '-unowned',
    '/usr/bin/absolute': '+symlink',
    '/usr/bin/over-two': '+symlink',
    '/etc/alternatives/tool': '+symlink',
    '/etc/alternatives/other': '-unowned',
    '/usr/bin/via-hidden-link': '+symlink',
    '/usr/bin/via-lib64': '+symlink',
    '/usr/bin/dangling': '-unowned',
    '/usr/bin/loop': '-unowned',
    '/usr/bin/out': '+symlink',
    '/usr/bin/to-unowned': '-unowned',
    '/usr/bin/to-directory': '+symlink',
    '/usr/bin/not-a-directory': '-unowned',
    '/usr/local/share/man': '-unowned',
    '/lib64': '+symlink',
    '/home/user/bin/shown': '-unowned',
    '/usr/bin/to-home': '-unowned',
    '/usr/lib/cycle/a': '-unowned',
    '/usr/lib/cycle': '-unowned',
    '/usr/lib/cycle2': '-unowned',
    '/usr/lib/cycle3': '-unowned',
    '/usr/lib/cycle4': '+ancestor',
    '/usr/lib/cycle5': '+ancestor',
    '/usr/lib/cycle4/x': '+symlink',
  },
);

test(
  'rule 6: compiled caches of visible modules',
  table,
  {},
  {
    '/usr/lib/python3/__pycache__': '+ancestor',
    '/usr/lib/python3/__pycache__/shown.cpython-312.pyc': '+cache',
    '/usr/lib/python3/__pycache__/shown.cpython-312.opt-1.pyc': '+cache',
    '/usr/lib/python3/__pycache__/hidden.cpython-312.pyc': '-unowned',
    '/usr/lib/python3/__pycache__/lost.cpython-312.pyc': '-unowned',
    '/usr/lib/python3/__pycache__/shown.txt': '-unowned',
    '/usr/lib/python3/other': '-unowned',
  },
);

test(
  'rule 7: system paths',
  table,
  {},
  {
    '/etc/passwd': '+system',
    '/etc/env.d': '+ancestor',
    '/etc/env.d/gcc/config': '+system',
    '/etc/env.d/20hidden': '-hidden-owner',
    '/etc/localtime': '+system',
    '/etc/unknown': '-unowned',
    '/etc/portage/repos.conf/gentoo.conf': '+system',
    '/var/db/repos/gentoo/profiles/repo_name': '+system',
    '/usr/share/glib-2.0/schemas/gschemas.compiled': '-unowned',
    '/usr/share/icons/hicolor/icon-theme.cache': '-unowned',
    '/proc': '+system',
    '/proc/1': '-unowned',
    '/var/tmp': '+system',
    '/var/tmp/portage': '-unowned',
    '/var/db/.pkg.portage_lockfile': '-unowned',
  },
);

test(
  'rule 7: a generated cache is visible with the package that makes it',
  table,
  {},
  {
    '/usr/share/glib-2.0/schemas/gschemas.compiled': '+system',
    '/usr/share/glib-2.0/schemas': '+ancestor',
    '/usr/share/glib-2.0/schemas/litter': '-unowned',
    '/usr/share/icons': '-unowned',
  },
  ['dev-libs/glib-2.80.1'],
);

test(
  'rules 1 and 2: globs come before owners, and a directory stands for its tree',
  table,
  {
    overrides: {
      show: ['/usr/share/hidden-tree', '/usr/local/lib/*', '*.txt', '/home/user/file', '/usr/bin'],
      hide: ['/usr/share/shared', '/usr/bin/shown', '/etc/pass*'],
    },
  },
  {
    '/usr/share/hidden-tree': '+show',
    '/usr/share/hidden-tree/a/b': '+show',
    '/usr/local/lib/nothing': '+show',
    '/usr/local/lib': '+ancestor',
    '/usr/local/bin': '-unowned',
    '/usr/lib/python3/__pycache__/shown.txt': '+show',
    '/home/user/file': '+show',
    '/home': '+ancestor',
    '/home/user/bin': '-unowned',
    '/usr/share/shared': '-hide',
    '/usr/share/shared/by-shown': '-hide',
    '/usr/bin/shown': '-hide',
    '/usr/bin/hidden': '+show',
    '/etc/passwd': '-hide',
    '/opt': '-hidden-owner',
    '/etc/alternatives/tool': '-unowned',
  },
);

test(
  'the package database lists what is visible',
  table,
  {},
  {
    '/var/db/pkg': '+owned',
    '/var/db/pkg/sys-libs': '+owned',
    '/var/db/pkg/sys-libs/shown-1.2': '+owned',
    '/var/db/pkg/sys-libs/shown-1.2/CONTENTS': '+owned',
    '/var/db/pkg/dev-libs': '-unowned',
    '/var/db/pkg/dev-libs/hidden-2-r1': '-unowned',
    '/var/db/pkg/dev-libs/-MERGING-new-1': '-unowned',
    '/var/db/pkg/empty-category': '-unowned',
  },
);

test('a package may be in the database without its files', async (t) => {
  const view = await opened(t);
  view.view.setVisible(view.ids(['sys-libs/shown-1.2']), view.ids(['dev-libs/hidden-2-r1']));
  t.is(ruleFor(view, '/var/db/pkg/dev-libs/hidden-2-r1/CONTENTS'), '+owned');
  t.is(ruleFor(view, '/var/db/pkg/dev-libs'), '+owned');
  t.is(ruleFor(view, '/var/db/pkg/dev-libs/glib-2.80.1'), '-unowned');
  t.is(ruleFor(view, '/usr/bin/hidden'), '-hidden-owner');
});

test(
  'places of later mounts are there even when the host has none',
  table,
  {
    directories: ['/var/cache/edb', '/lib64/mnt', '/srv/x'],
  },
  {
    '/var/cache/edb': '+ancestor',
    '/var/cache': '+ancestor',
    '/usr/lib64/mnt': '+ancestor',
    '/srv/x': '+ancestor',
    '/srv': '+ancestor',
    '/srv/y': 'absent',
  },
);

test('what is remembered ends with a change of the visible set', async (t) => {
  const view = await opened(t);
  const paths = [
    '/usr/bin/to-hidden',
    '/usr/bin/over-two',
    '/opt/litter',
    '/usr/share/hidden-tree',
    '/usr/local',
  ];
  const look = () => paths.map((path) => ruleFor(view, path));
  const first = ['-unowned', '+symlink', '+ancestor', '-hidden-owner', '-unowned'];
  t.deepEqual(look(), first);
  view.view.setVisible(view.ids(['dev-libs/hidden-2-r1']), []);
  t.deepEqual(look(), ['+symlink', '-unowned', '-unowned', '+owned', '-unowned']);
  view.view.setVisible(view.ids(['sys-libs/shown-1.2']), []);
  t.deepEqual(look(), first);
});

test('explanations name the glob, the system path and the end of a link', async (t) => {
  const { view } = await opened(t, { overrides: { show: [], hide: ['/usr/share/sh*'] } });
  const detail = (path: string) => {
    const { node, kind } = view.canonical(Buffer.from(path)) ?? t.fail();
    return view.detail(node, view.decide(node, kind));
  };
  t.is(detail('/usr/share/shared/by-shown'), '/usr/share/sh*');
  t.is(detail('/usr/bin/over-two'), '/usr/bin/shown');
  t.is(detail('/etc/env.d/gcc/config'), '/etc/env.d');
  t.is(detail('/usr/bin/shown'), '');
});

test('nothing is asked of the host at or below the mount point of another view', async (t) => {
  const { view } = await opened(t);
  const kindOf = (path: string) => view.canonical(Buffer.from(path))?.kind;
  const before = kindOf('/usr/share/shared/by-shown');
  t.is(before, hostKind.file);
  const place = view.canonical(Buffer.from('/usr/share/shared'))?.node ?? t.fail();
  view.change({ avoided: [`${view.settings.root}/usr/share/shared`] });
  t.is(kindOf('/usr/share/shared'), hostKind.missing);
  t.is(kindOf('/usr/share/shared/by-shown'), hostKind.missing);
  t.is(kindOf('/usr/bin/to-directory'), hostKind.link);
  const link = view.canonical(Buffer.from('/usr/bin/to-directory'))?.node ?? t.fail();
  t.is(view.decide(link, hostKind.link), rule.unowned, 'a link to it leads nowhere');
  t.is(view.decide(place, hostKind.directory), rule.hide);
  t.is(view.detail(place, rule.hide), 'the mount point of another view');
  t.false(view.isVisibleDirectory(place));
  view.change({ avoided: [] });
  t.is(kindOf('/usr/share/shared/by-shown'), hostKind.file);
  t.true(view.isVisibleDirectory(place));
});

test('too many globs are refused and change nothing', async (t) => {
  const view = await opened(t);
  const show = Array.from({ length: 20_000 }, (_, i) => `/some/long/enough/path/${i}`);
  t.throws(() => view.view.change({ overrides: { show, hide: [] } }), { code: 'TOO_MANY_RULES' });
  t.is(ruleFor(view, '/usr/bin/shown'), `+${ruleNames.get(rule.owned)}`);
});

test('a database shown from elsewhere is there, also when the root has no such directories', async (t) => {
  const gentoo = await gentooRoot(spec);
  t.teardown(gentoo.cleanup);
  mkdirSync(gentoo.path('/empty'));
  const view = openTestView({
    root: gentoo.path('/empty'),
    vdb: gentoo.path('/var/db/pkg'),
    visible: ['sys-libs/shown-1.2'],
    settings: { directories: ['/var/db/pkg'] },
  });
  t.is(ruleFor(view, '/var/db/pkg/sys-libs/shown-1.2/CONTENTS'), '+owned');
  t.is(ruleFor(view, '/var/db/pkg/dev-libs/hidden-2-r1/CONTENTS'), '-unowned');
  t.is(ruleFor(view, '/var/db/pkg/dev-libs/nothing-1/CONTENTS'), 'absent');
  t.is(ruleFor(view, '/var/db/other'), 'absent');
});

/** The rules for paths of a small system whose directories are put in place by `arrange`. */
async function ruled(
  t: ExecutionContext,
  root: GentooRootSpec,
  visible: string[],
  arrange: (path: (inside: string) => string) => void,
) {
  const gentoo = await gentooRoot(root);
  t.teardown(gentoo.cleanup);
  arrange((inside) => gentoo.path(inside));
  const view = openTestView({ root: gentoo.root, visible });
  return (...paths: string[]) => paths.map((path) => ruleFor(view, path));
}

test('globs are found where the links of a merged /usr lead', async (t) => {
  const libc: GentooRootSpec = {
    packages: { 'sys-libs/glibc-2.39': { files: { '/usr/bin/ldd': 'x', '/usr/lib64/libc.so': 'x' } } },
  };
  const archive = '/usr/lib64/locale/C.utf8/LC_CTYPE';
  const cache = '/usr/lib64/gconv/gconv-modules.cache';
  const write = (path: (inside: string) => string) => {
    for (const name of [archive, cache]) {
      mkdirSync(path(dirname(name)), { recursive: true });
      writeFileSync(path(name), '');
    }
  };
  const flat = await ruled(t, libc, ['sys-libs/glibc-2.39'], (path) => {
    for (const name of ['bin', 'lib64']) renameSync(path(`/usr/${name}`), path(`/${name}`));
    rmSync(path('/usr'), { recursive: true });
    symlinkSync('.', path('/usr'));
    write(path);
  });
  t.deepEqual(flat('/usr/lib64/locale/C.utf8/LC_CTYPE', '/lib64/gconv/gconv-modules.cache'), [
    '+system',
    '+system',
  ]);
  const merged = await ruled(t, libc, ['sys-libs/glibc-2.39'], (path) => {
    mkdirSync(path('/data'));
    renameSync(path('/usr/lib64'), path('/data/libraries'));
    symlinkSync('../data/libraries', path('/usr/lib64'));
    symlinkSync('usr/lib64', path('/lib64'));
    write(path);
  });
  t.deepEqual(merged(archive, cache, '/lib64/gconv/gconv-modules.cache'), ['+system', '+system', '+system']);
});

test('globs of --show and --hide are taken through links, too', async (t) => {
  const { view } = await opened(t, {
    overrides: { show: ['/lib64/libglib.*'], hide: ['/lib64/libshown.so.1'] },
  });
  const verdict = (path: string) => ruleFor({ view } as OpenedView, path);
  t.is(verdict('/usr/lib64/libglib.so'), '+show');
  t.is(verdict('/usr/lib64/libshown.so.1'), '-hide');
  const found = view.canonical(Buffer.from('/lib64/libglib.so'));
  t.is(found && view.detail(found.node, rule.show), '/lib64/libglib.*');
});

test('what a kernel was configured with, and what was made of it, goes with its sources', async (t) => {
  const kernel = (version: string) => ({
    files: {
      [`/usr/src/linux-${version}/Makefile`]: 'x',
      [`/usr/src/linux-${version}/scripts/mod/modpost.c`]: 'x',
    },
  });
  const made = (version: string) => ({
    [`/usr/src/linux-${version}/.config`]: 'x',
    [`/usr/src/linux-${version}/include/config/auto.conf`]: 'x',
    [`/usr/src/linux-${version}/scripts/mod/modpost`]: 'x',
    [`/lib/modules/${version}/build`]: { link: `/usr/src/linux-${version}` },
    [`/lib/modules/${version}/modules.dep`]: 'x',
  });
  const verdicts = await ruled(
    t,
    {
      packages: {
        'sys-kernel/gentoo-sources-6.6': kernel('6.6'),
        'sys-kernel/gentoo-sources-6.1': kernel('6.1'),
        'sys-apps/kmod-1': { files: { '/lib/modules/README': 'x' } },
      },
      files: {
        ...made('6.6'),
        ...made('6.1'),
        ...made('own'),
        '/usr/src/linux': { link: 'linux-6.6' },
        '/usr/src/notes': 'x',
      },
    },
    ['sys-kernel/gentoo-sources-6.6'],
    () => undefined,
  );
  const ask = (version: string) => verdicts(...Object.keys(made(version)));
  t.deepEqual(ask('6.6'), ['+system', '+system', '+system', '+symlink', '-unowned']);
  t.deepEqual(ask('6.1'), ['-unowned', '-unowned', '-unowned', '-unowned', '-unowned']);
  t.deepEqual(ask('own'), ['-unowned', '-unowned', '-unowned', '-unowned', '-unowned']);
  t.deepEqual(verdicts('/usr/src/linux', '/usr/src/linux-6.1', '/usr/src/notes'), [
    '+symlink',
    '-hidden-owner',
    '-unowned',
  ]);
});

test('what a package generates is its business, though it owns nothing of it', async (t) => {
  const gentoo = await gentooRoot({
    packages: {
      'app-misc/ca-certificates-1': { files: { '/usr/sbin/update-ca-certificates': 'x' } },
      'x11-misc/shared-mime-info-2': { files: { '/usr/bin/update-mime-database': 'x' } },
      'app-crypt/p11-kit-0.25': { files: { '/usr/bin/trust': 'x' } },
    },
    files: {
      '/etc/ssl/certs/ca-certificates.crt': 'x',
      '/usr/share/mime/globs2': 'x',
      '/usr/share/mime/text/plain.xml': 'x',
      '/usr/share/mime/litter': 'x',
      '/etc/pki/ca-trust': 'x',
      '/etc/passwd': 'x',
    },
  });
  t.teardown(gentoo.cleanup);
  const makers = (visible: string[], path: string) => {
    const { view } = openTestView({ root: gentoo.root, visible });
    const { node, kind } = view.canonical(Buffer.from(path)) ?? t.fail();
    return view.responsibleFor(node, kind).map((id) => view.index.cpv(id));
  };
  t.deepEqual(makers([], '/etc/ssl/certs/ca-certificates.crt'), pkgs('app-misc/ca-certificates-1'));
  t.deepEqual(makers([], '/etc/ssl/certs'), pkgs('app-misc/ca-certificates-1'));
  t.deepEqual(makers([], '/usr/share/mime/globs2'), pkgs('x11-misc/shared-mime-info-2'));
  t.deepEqual(makers([], '/usr/share/mime/text/plain.xml'), pkgs('x11-misc/shared-mime-info-2'));
  t.deepEqual(makers([], '/usr/share/mime/litter'), []);
  t.deepEqual(makers([], '/etc/passwd'), []);
  // Of several that do, the one that shows it, else the first.
  t.deepEqual(makers([], '/etc/pki/ca-trust'), pkgs('app-misc/ca-certificates-1'));
  t.deepEqual(makers(['app-crypt/p11-kit-0.25'], '/etc/pki/ca-trust'), pkgs('app-crypt/p11-kit-0.25'));
});

const linkedConfiguration: GentooRootSpec = {
  packages: {
    'sys-apps/base-1': {
      files: { '/usr/bin/base': 'x', '/home': { directory: true }, '/usr/share/doc/x': 'x' },
    },
  },
  files: {
    '/etc/portage/package.env': { link: '/home/me/current/make.conf' },
    '/etc/portage/package.use': { link: '../../home/me/dot/use' },
    '/etc/portage/bashrc': { link: '/usr/share/doc' },
    '/etc/portage/lost': { link: '/home/me/nothing' },
    '/home/me/current': { link: 'dot' },
    '/home/me/dot/make.conf': 'x',
    '/home/me/dot/other': 'x',
    '/home/me/dot/use/all': 'x',
    '/home/me/dot/use/more': { link: '/srv/more' },
    '/srv/more': 'x',
    '/srv/less': 'x',
    '/home/me/private': 'x',
    '/home/me/world': 'x',
    '/var/lib/portage/world': { link: '../../../home/me/world' },
    '/usr/share/doc/litter': 'x',
  },
};

test('Portage’s configuration is visible wherever links lead, and nothing beside it', async (t) => {
  const gentoo = await gentooRoot(linkedConfiguration);
  t.teardown(gentoo.cleanup);
  const opened = openTestView({ root: gentoo.root, visible: ['sys-apps/base-1'] });
  const expected = {
    '/etc/portage/package.env': '+symlink',
    '/home/me/current': '+symlink',
    '/home/me/dot/make.conf': '+system',
    '/home/me/dot/use/all': '+system',
    '/home/me/dot/use/more': '+symlink',
    '/srv/more': '+system',
    '/srv/less': '-unowned',
    '/home/me/world': '+system',
    '/home/me/dot/other': '-unowned',
    '/home/me/private': '-unowned',
    '/etc/portage/lost': '+system',
    '/usr/share/doc/litter': '-unowned',
  };
  t.deepEqual(
    Object.fromEntries(Object.keys(expected).map((path) => [path, ruleFor(opened, path)])),
    expected,
  );
  const detail = (path: string) => {
    const { node, kind } = opened.view.canonical(Buffer.from(path)) ?? t.fail();
    return opened.view.detail(node, opened.view.decide(node, kind));
  };
  t.is(detail('/home/me/dot/make.conf'), '/etc/portage/package.env');
  t.is(detail('/srv/more'), '/home/me/dot/use/more');
});

test('a link that comes into the configuration shows what it leads to at once', async (t) => {
  const gentoo = await gentooRoot(linkedConfiguration);
  t.teardown(gentoo.cleanup);
  const opened = openTestView({ root: gentoo.root, visible: ['sys-apps/base-1'] });
  const { view } = opened;
  const dropped: string[] = [];
  const live = new LiveChanges(
    view,
    {
      dropName: (directory, name) =>
        dropped.push(`${view.pathOf(directory)}/${Buffer.from(name).toString()}`),
      dropNode: () => undefined,
    },
    { quiescent: () => Promise.resolve(), whilePaused: () => Promise.resolve(false) },
  );
  const less = view.canonical(Buffer.from('/srv/less')) ?? t.fail();
  view.index.setState(less.node, nodeState.negative);
  symlinkSync('/srv/less', gentoo.path('/etc/portage/package.mask'));
  const directory = view.canonical(Buffer.from('/etc/portage')) ?? t.fail();
  await live.hostChanged([
    { directory: directory.node, name: Buffer.from('package.mask'), structural: true },
  ]);
  t.is(ruleFor(opened, '/srv/less'), '+system');
  t.true(dropped.includes('/srv/less'));
});
