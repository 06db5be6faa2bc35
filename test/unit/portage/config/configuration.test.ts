import test, { type ExecutionContext } from 'ava';
import { LvfsError } from '../../../../src/base/index.js';
import {
  type Configuration,
  type ConfigurationOptions,
  openConfiguration,
} from '../../../../src/portage/config/configuration.js';
import { type Tree, writeTree } from '../../../helpers/writeTree.js';

const base: Tree = {
  'etc/portage/repos.conf': '[gentoo]\nlocation = /repo\n',
  'etc/portage/make.profile': { link: '/repo/profiles/top' },
  'repo/profiles/repo_name': 'gentoo\n',
  'repo/profiles/categories': 'cat\n',
  'repo/metadata/layout.conf': 'masters =\nprofile-formats = portage-2\n',
  'repo/profiles/base/make.defaults':
    'USE="nls acl"\nUSE_EXPAND="LANGS KERNEL"\nUSE_EXPAND_UNPREFIXED="ARCH"\nUSE_EXPAND_IMPLICIT="KERNEL ARCH"\n' +
    'USE_EXPAND_HIDDEN="KERNEL"\nUSE_EXPAND_VALUES_KERNEL="linux bsd"\nUSE_EXPAND_VALUES_ARCH="amd64 x86"\n' +
    'KERNEL="linux"\nLANGS="de en"\n',
  'repo/profiles/base/packages': '*cat/a\n*cat/b\ncat/c\n',
  'repo/profiles/top/parent': '../base\n',
  'repo/profiles/top/make.defaults': 'ARCH="amd64"\nACCEPT_KEYWORDS="amd64"\nUSE="-nls"\nLANGS="-de fr"\n',
  'repo/profiles/top/packages': '-*cat/b\n*>=cat/d-1\n',
};

function open(
  t: ExecutionContext,
  tree: Tree = {},
  options: Partial<ConfigurationOptions> = {},
): Configuration {
  return openConfiguration({ root: writeTree(t, { ...base, ...tree }), ...options });
}

/** The enabled flags of a package with this IUSE. */
function use(
  config: Configuration,
  iuse: string,
  more: Readonly<Record<string, string>> = {},
  options: { test?: boolean; anonymous?: boolean } = {},
): string[] {
  const metadata = new Map(Object.entries({ EAPI: '8', SLOT: '0', KEYWORDS: 'amd64', IUSE: iuse, ...more }));
  return [...config.use({ cpv: 'cat/pkg-1', repository: 'gentoo', metadata }, options).enabled].sort();
}

const implicit = ['amd64', 'kernel_linux'];

test('opening reads nothing, and variables come from profile and make.conf', (t) => {
  const config = open(t, { 'etc/portage/make.conf': 'USE="X"\nACCEPT_KEYWORDS="~amd64"\nDISTDIR="/d"\n' });
  t.deepEqual(config.warnings, []);
  t.is(config.arch, 'amd64');
  t.is(config.get('DISTDIR'), '/d');
  t.is(config.get('PKGDIR'), '/var/cache/binpkgs');
  t.is(config.get('NOTHING'), undefined);
  t.is(config.get('LANGS'), 'fr en');
  t.is(config.get('ARCH'), 'amd64');
  t.deepEqual(config.acceptKeywords, ['amd64', '~amd64']);
  t.is(config.get('USE'), 'X acl amd64 kernel_linux langs_en langs_fr');
  t.deepEqual([...config.implicit.flags].sort(), ['amd64', 'kernel_bsd', 'kernel_linux', 'x86']);
});

test("the host's own make.globals counts, and the prefix moves everything", (t) => {
  const globals = { 'usr/share/portage/config/make.globals': 'PKGDIR="${EPREFIX}/pkg"\n' };
  t.is(open(t, globals).get('PKGDIR'), '/pkg');
  const moved = Object.fromEntries(
    Object.entries({ ...base, ...globals }).map(([name, content]) => [`pre/fix/${name}`, content]),
  );
  const root = writeTree(t, {
    ...moved,
    'pre/fix/etc/portage/repos.conf': '[gentoo]\nlocation = %(EPREFIX)s/repo\n',
    'pre/fix/etc/portage/make.profile': { link: '/pre/fix/repo/profiles/top' },
  });
  const config = openConfiguration({ root, prefix: '/pre/fix/' });
  t.is(config.get('PKGDIR'), '/pre/fix/pkg');
  t.deepEqual(config.system, ['cat/a', '>=cat/d-1']);
});

test('repositories and configuration may be set apart from the root', (t) => {
  const apart = writeTree(t, { ...base, 'etc/portage/make.conf': 'USE="apart"\n' });
  const root = writeTree(t, base);
  const config = openConfiguration({ root, configRoot: apart, repos: [`${apart}/repo`] });
  t.true(config.globalUse.has('apart'));
  // The link is absolute, so it leads into the root, where no repository is configured.
  t.is(config.profile.at(-1)?.directory, `${root}/repo/profiles/top`);
});

test('without repos.conf the repository is where every Gentoo has it', (t) => {
  const config = open(t, {
    'etc/portage/repos.conf': '',
    'var/db/repos/gentoo': { link: '/repo' },
  });
  t.is(config.repositories.main?.name, 'gentoo');
  t.true(config.globalUse.has('acl'));
});

test('@system stacks the packages of the profile and of the user', (t) => {
  t.deepEqual(open(t).system, ['cat/a', '>=cat/d-1']);
  const config = open(t, { 'etc/portage/profile/packages': '-*cat/a\n*cat/e\nnothing here\n' });
  t.deepEqual(config.system, ['>=cat/d-1', 'cat/e']);
  t.deepEqual(
    config.warnings.map(({ line, message }) => [line, message]),
    [[3, "found 'nothing here', expected an atom; the line is ignored"]],
  );
});

test('package.provided names cpvs, and bad lines are reported', (t) => {
  const config = open(t, {
    'etc/portage/profile/package.provided': 'cat/x-1\ncat/y\n# c\ncat/z-1\n-cat/z-1\n',
  });
  t.deepEqual(config.provided, ['cat/x-1']);
  t.like(config.warnings[0], { line: 2, message: "found 'cat/y', expected category/name-version" });
  const newer = open(t, {
    'etc/portage/profile/package.provided': 'cat/x-1\n',
    'etc/portage/profile/eapi': '7\n',
  });
  t.deepEqual(newer.provided, []);
  t.regex(newer.warnings[0]?.message ?? '', /EAPI 7 has no package.provided/);
});

test('IUSE defaults, profile and make.conf count in the order of USE_ORDER', (t) => {
  t.deepEqual(use(open(t), '+x -acl nls y'), ['acl', 'x', ...implicit].sort());
  const conf = { 'etc/portage/make.conf': 'USE="-x nls -acl"\n' };
  t.deepEqual(use(open(t, conf), '+x acl nls y'), ['nls', ...implicit].sort());
  const order = { 'etc/portage/make.conf': 'USE="-x"\nUSE_ORDER="pkginternal:conf"\n' };
  t.deepEqual(use(open(t, order), '+x acl'), ['amd64', 'x']);
  t.deepEqual(use(open(t, conf, { env: { USE: 'y -nls' } }), 'nls y'), ['y', ...implicit].sort());
});

test('package.use has variables, wildcards, and lines for all packages', (t) => {
  const config = open(t, {
    'etc/portage/package.use/a': '*/* x LANGS: -* it\ncat/pkg -x\n',
    'etc/portage/package.use/b': 'cat/*::gentoo y\ncat/pkg LANGS: de\ncat/other z\n',
  });
  t.deepEqual(
    use(config, 'x y z langs_de langs_it langs_fr'),
    ['langs_de', 'langs_it', 'y', ...implicit].sort(),
  );
  t.true(config.globalUse.has('x'));
});

test('a wildcard enables all flags of a variable that are not masked', (t) => {
  const config = open(t, {
    'etc/portage/make.conf': 'USE="langs_*"\n',
    'etc/portage/profile/use.mask': 'langs_b\n',
  });
  t.deepEqual(use(config, 'langs_a langs_b lang_c'), ['langs_a', ...implicit].sort());
});

test('a USE_EXPAND variable replaces what came before, and signs in it are reported', (t) => {
  const config = open(t, { 'etc/portage/make.conf': 'LANGS="-fr it +x"\nUSE="+z"\n' });
  t.deepEqual(use(config, 'langs_fr langs_it langs_x z'), ['langs_it', 'z', ...implicit].sort());
  t.is(config.get('LANGS'), 'it');
  t.deepEqual(config.warnings.map(({ message }) => message).sort(), [
    "Invalid '+' operator in non-incremental variable 'LANGS': '+x'",
    "Invalid '-' operator in non-incremental variable 'LANGS': '-fr'",
    "USE flags should not start with a '+': +z",
  ]);
});

test('masks and forces count most, by node and by package', (t) => {
  const config = open(t, {
    'repo/profiles/base/use.mask': 'a\nb\n',
    'repo/profiles/top/use.mask': '-b\n',
    'repo/profiles/top/package.use.mask': 'cat/pkg c\n',
    'etc/portage/profile/use.force': 'a\nd\nnot a flag\n',
    'etc/portage/profile/package.use.force': '*/* e\n>=cat/pkg-1 LANGS: x\n',
    'etc/portage/make.conf': 'USE="a b c"\n',
  });
  const metadata = new Map(
    Object.entries({ EAPI: '8', SLOT: '0', KEYWORDS: 'amd64', IUSE: 'a b c d e langs_x' }),
  );
  const { enabled, masked, forced } = config.use({ cpv: 'cat/pkg-1', repository: 'gentoo', metadata });
  t.deepEqual([...enabled].sort(), ['b', 'd', 'e', 'langs_x', ...implicit].sort());
  t.deepEqual([...masked].sort(), ['a', 'c']);
  t.deepEqual([...forced].sort(), ['a', 'd', 'e', 'langs_x']);
  t.like(config.warnings[0], {
    line: 3,
    message: "found 'not a flag', expected one USE flag; the line is ignored",
  });
});

test('stable masks only count for packages that are stable here', (t) => {
  const tree = {
    'etc/portage/profile/eapi': '8\n',
    'etc/portage/profile/use.stable.mask': 'acl\n',
    'etc/portage/package.accept_keywords': 'cat/pkg:1\n',
  };
  const config = open(t, tree);
  t.deepEqual(use(config, 'acl'), implicit);
  t.deepEqual(use(config, 'acl', { KEYWORDS: '~amd64' }), ['acl', ...implicit]);
  t.deepEqual(use(config, 'acl', { SLOT: '1' }), ['acl', ...implicit]);
  const old = open(t, { ...tree, 'etc/portage/profile/eapi': '4\n' });
  t.deepEqual(use(old, 'acl'), ['acl', ...implicit]);
  t.regex(old.warnings[0]?.message ?? '', /EAPI 4 has no such file/);
});

test('FEATURES=test enables the flag test, unless RESTRICT forbids it', (t) => {
  const config = open(t);
  t.deepEqual(use(config, 'test'), implicit);
  t.deepEqual(use(config, 'test', {}, { test: true }), [...implicit, 'test'].sort());
  t.deepEqual(use(config, 'test', { RESTRICT: 'test' }, { test: true }), implicit);
  t.deepEqual(
    use(config, 'test acl', { RESTRICT: '!acl? ( test )' }, { test: true }),
    ['acl', 'test', ...implicit].sort(),
  );
  t.deepEqual(use(config, 'test', { RESTRICT: '( test' }, { test: true }), [...implicit, 'test'].sort());
  const allowed = open(t, { 'etc/portage/make.conf': 'FEATURES="test"\nALLOW_TEST="network"\n' });
  const network = { RESTRICT: 'test', PROPERTIES: 'test_network' };
  t.deepEqual(use(allowed, 'test', network), [...implicit, 'test'].sort());
  t.deepEqual(use(allowed, 'test', { RESTRICT: 'test' }), implicit);
});

test('package.env sets variables for a package; what it may not set is reported', (t) => {
  const config = open(t, {
    'etc/portage/package.env': 'cat/pkg a gone\n*/* all\n',
    'etc/portage/env/a': 'USE="x -acl"\nLANGS="it"\nSLOT="5"\n',
    'etc/portage/env/all': 'USE="y"\n',
    'etc/portage/package.use': 'cat/pkg -x\n',
  });
  t.deepEqual(use(config, 'x y acl langs_it langs_fr'), ['langs_it', 'y', ...implicit].sort());
  t.true(config.globalUse.has('y'));
  const messages = config.warnings.map(({ message }) => message);
  t.true(messages.some((message) => message.includes("'SLOT' cannot be set here")));
  t.true(messages.some((message) => message.includes('/etc/portage/env/gone')));
});

test("an overlay's USE settings are for its own packages, if the repository is known", (t) => {
  const config = open(t, {
    'etc/portage/repos.conf': '[gentoo]\nlocation = /repo\n[ovl]\nlocation = /ovl\n',
    'ovl/profiles/repo_name': 'ovl\n',
    'ovl/metadata/layout.conf': 'masters = gentoo\n',
    'ovl/profiles/make.defaults': 'USE="x"\n',
    'ovl/profiles/package.use.mask': 'cat/pkg acl\n',
  });
  const metadata = new Map(Object.entries({ EAPI: '8', SLOT: '0', KEYWORDS: 'amd64', IUSE: 'x acl' }));
  const enabled = (repository: string | undefined, anonymous = false): string[] =>
    [
      ...config.use({ cpv: 'cat/pkg-1', repository, metadata: new Map(metadata) }, { anonymous }).enabled,
    ].sort();
  t.deepEqual(enabled('gentoo'), ['acl', ...implicit]);
  t.deepEqual(enabled('ovl'), [...implicit, 'x']);
  t.deepEqual(enabled('ovl', true), ['acl', ...implicit, 'x']);
  t.deepEqual(enabled(undefined), ['acl', ...implicit]);
});

test('before EAPI 5 masked, forced and hidden flags and architectures are implicit', (t) => {
  const config = open(t, {
    'repo/profiles/arch.list': 'amd64\nx86\n',
    'repo/profiles/base/use.force': 'forced\n',
  });
  t.deepEqual(use(config, 'acl', { EAPI: '4' }), ['acl', 'amd64', 'forced', 'kernel_linux']);
  for (const flag of ['x86', 'forced', 'kernel_any', 'build', 'bootstrap'])
    t.true(config.implicit.has(flag, '4'));
  t.false(config.implicit.has('other', '4'));
  t.false(config.implicit.has('forced', '5'));
});

test('an error in make.conf is raised when something needs it', (t) => {
  const config = open(t, { 'etc/portage/make.conf': 'USE="x\n' });
  const error = t.throws(() => config.globalUse, { instanceOf: LvfsError });
  t.is(error.code, 'MAKE_CONF');
  t.true(error.message.includes('/etc/portage/make.conf:1: '));
});

test('variables that only the profile may set, and local ones, are dropped', (t) => {
  const config = open(t, {
    'repo/profiles/top/make.defaults':
      'ARCH="amd64"\nPROFILE_ONLY_VARIABLES="ARCH LANGS"\nACCEPT_KEYWORDS="amd64"\n',
    'etc/portage/make.conf': '__x="1"\nLANGS="it"\nDISTDIR="/${__x}"\nSLOT="3"\n',
  });
  t.is(config.get('LANGS'), 'de en');
  t.is(config.get('DISTDIR'), '/1');
  t.is(config.get('__x'), undefined);
  t.is(config.get('SLOT'), undefined);
});

test('all of the environment counts', (t) => {
  const conf = { 'etc/portage/make.conf': 'USE_EXPAND="L10N"\nL10N="en"\nUSE="y"\n' };
  const flags = (env: Readonly<Record<string, string>>): string[] =>
    use(open(t, conf, { env }), 'l10n_en l10n_de y');
  const own = (env: Readonly<Record<string, string>>): string[] =>
    flags(env).filter((flag) => /^l10n|^y$/.test(flag));
  t.deepEqual(own({}), ['l10n_en', 'y']);
  t.deepEqual(own({ L10N: 'de' }), ['l10n_de', 'y']);
  t.deepEqual(own({ L10N: '' }), ['y']);
  t.deepEqual(own({ USE: '-y' }), ['l10n_en']);
  t.deepEqual(own({ USE: '-y', USE_ORDER: 'conf:env:pkg:defaults:pkginternal:features:repo:env.d' }), [
    'l10n_en',
    'y',
  ]);
});

test('repositories of the environment', (t) => {
  const files = {
    'more/profiles/repo_name': 'more\n',
    'more/metadata/layout.conf': 'masters =\n',
  };
  const names = (env: Readonly<Record<string, string>>): string[] =>
    [...open(t, files, { env }).repositories].map(({ name }) => name);
  t.true(names({ PORTDIR_OVERLAY: '/more' }).includes('more'));
  t.deepEqual(
    names({
      PORTAGE_REPOSITORIES: '[DEFAULT]\nmain-repo = more\n[more]\nlocation = /more\n',
      PORTDIR_OVERLAY: '/repo',
    }),
    ['more'],
  );
});
