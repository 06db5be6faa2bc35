/** Which paths a view for a sysroot shows, of which of the two systems. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { silent } from '../../../src/base/index.js';
import { planView, type PlannedView } from '../../../src/daemon/plan/plannedView.js';
import { chost, crossRoot, type CrossRoot } from '../../helpers/crossRoot.js';
import type { GentooRootSpec } from '../../helpers/gentooRoot.js';

const host: GentooRootSpec = {
  packages: {
    'dev-libs/both-1': { files: { '/usr/include/both.h': 'x' } },
    'dev-util/tool-1': { files: { '/usr/bin/tool': 'x' } },
    'app-misc/ca-certificates-1': { files: { '/etc/ca.conf': 'x' } },
  },
  ebuilds: {
    'app-misc/library-1': { DEPEND: 'dev-libs/both' },
    'app-misc/tool-1': { BDEPEND: 'dev-libs/both dev-util/tool app-misc/ca-certificates' },
  },
  files: {
    '/mnt/other': 'x',
    '/opt/litter': 'x',
    '/etc/ssl/certs/a': 'x',
    [`/usr/bin/${chost}-gcc`]: { link: 'gcc-13' },
  },
};

const target: GentooRootSpec = {
  packages: {
    'dev-libs/both-1': { files: { '/usr/include/both.h': 'x', '/lib64/libboth.so': null } },
    'dev-libs/secret-1': { files: { '/usr/include/secret.h': 'x', '/usr/include/shared.h': 'x' } },
    'app-misc/ca-certificates-1': {},
  },
  files: {
    // CONTENTS says /lib64; nothing may be written through an absolute link.
    '/usr/lib64/libboth.so': 'x',
    '/lib64': { link: '/usr/lib64' },
    '/usr/lib64/libalias.so': { link: 'libboth.so' },
    '/usr/local/include/litter.h': 'x',
    '/home/user/file': 'x',
    '/etc/ld.so.conf': 'x',
    '/etc/ssl/certs/a': 'x',
  },
};

async function cross(t: ExecutionContext, place?: string): Promise<CrossRoot> {
  const made = await crossRoot({ host, target, ...(place === undefined ? {} : { place }) });
  t.teardown(made.cleanup);
  made.host.install(`cross-${chost}/gcc-13`, { files: { '/usr/bin/gcc-13': 'x' } });
  made.host.install(`cross-${chost}/glibc-2.40`, {
    files: { [`${made.sysroot}/usr/lib64/libc.so`]: 'x', [`${made.sysroot}/usr/include/shared.h`]: 'x' },
  });
  return made;
}

async function open(
  t: ExecutionContext,
  { host: { root }, sysroot }: CrossRoot,
  atom: string,
  cache?: string,
): Promise<PlannedView> {
  let directory = cache;
  if (directory === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'lvfs-cache-'));
    t.teardown(() => rmSync(made, { recursive: true }));
    directory = made;
  }
  const view = await planView(
    {
      locations: { root, sysroot },
      set: { targets: [atom] },
      show: [],
      hide: [],
      systemPaths: [],
      cache: directory,
    },
    { log: silent, progress: () => undefined },
  );
  view.save();
  return view;
}

/** The rule for each path, `+` when it is visible. */
function rules(view: PlannedView, paths: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    paths.map((path) => {
      const { visible, rule, owners } = view.explain(Buffer.from(path));
      return [path, [`${visible === true ? '+' : '-'}${rule}`, ...owners].join(' ')];
    }),
  );
}

const below = [
  '/usr/include/both.h',
  '/usr/include/secret.h',
  '/usr/include/shared.h',
  '/usr/lib64/libboth.so',
  '/usr/lib64/libalias.so',
  '/usr/lib64/libc.so',
  '/usr/local/include/litter.h',
  '/home/user/file',
  '/etc/ld.so.conf',
  '/etc/ssl/certs/a',
  '/etc/portage/make.conf',
  '/var/db/pkg/dev-libs/both-1/SLOT',
  '/var/db/pkg/dev-libs/secret-1/SLOT',
];
const around = [
  '/usr/include/both.h',
  '/usr/bin/tool',
  '/usr/bin/gcc-13',
  `/usr/bin/${chost}-gcc`,
  '/etc/ssl/certs/a',
  '/mnt/other',
  '/opt/litter',
  '/var/db/pkg/dev-libs/both-1/SLOT',
];

const toolchain = {
  '/usr/include/shared.h': `+owned cross-${chost}/glibc-2.40 dev-libs/secret-1@sysroot`,
  '/usr/lib64/libc.so': `+owned cross-${chost}/glibc-2.40`,
};
const hidden = {
  '/usr/include/secret.h': '-hidden-owner dev-libs/secret-1@sysroot',
  '/usr/local/include/litter.h': '-unowned',
  '/home/user/file': '-unowned',
  '/etc/ld.so.conf': '+system',
  '/etc/portage/make.conf': '+system',
  '/etc/ssl/certs/a': '-unowned',
  '/var/db/pkg/dev-libs/secret-1/SLOT': '-unowned',
};

for (const place of ['/usr', '/mnt']) {
  test(`a DEPEND shows the sysroot's package, and the root's of the same name stays hidden (in ${place})`, async (t) => {
    const made = await cross(t, place);
    const view = await open(t, made, 'app-misc/library');
    const at = (path: string) => made.sysroot + path;
    const inside = rules(view, below.map(at));
    t.deepEqual(
      inside,
      Object.fromEntries(
        Object.entries({
          ...hidden,
          ...toolchain,
          '/usr/include/both.h': '+owned dev-libs/both-1@sysroot',
          '/usr/lib64/libboth.so': '+owned dev-libs/both-1@sysroot',
          '/usr/lib64/libalias.so': '+symlink',
          '/var/db/pkg/dev-libs/both-1/SLOT': '+owned',
        }).map(([path, text]) => [at(path), text]),
      ),
    );
    t.deepEqual(rules(view, around), {
      '/usr/include/both.h': '-hidden-owner dev-libs/both-1',
      '/usr/bin/tool': '-hidden-owner dev-util/tool-1',
      '/usr/bin/gcc-13': `+owned cross-${chost}/gcc-13`,
      [`/usr/bin/${chost}-gcc`]: '+symlink',
      '/etc/ssl/certs/a': '-unowned',
      '/mnt/other': '-unowned',
      '/opt/litter': '-unowned',
      '/var/db/pkg/dev-libs/both-1/SLOT': '-unowned',
    });
    t.is(rules(view, [made.sysroot])[made.sysroot]?.[0], '+');
    const [link] = view.explain(Buffer.from(at('/usr/include/both.h'))).chain;
    t.deepEqual(link, {
      cpv: 'dev-libs/both-1@sysroot',
      from: 'target',
      variable: 'DEPEND',
      atom: 'dev-libs/both',
    });
  });
}

test("a BDEPEND shows the root's package, and the sysroot's of the same name stays hidden", async (t) => {
  const made = await cross(t);
  const view = await open(t, made, 'app-misc/tool');
  const at = (path: string) => made.sysroot + path;
  t.deepEqual(
    rules(view, below.map(at)),
    Object.fromEntries(
      Object.entries({
        ...hidden,
        ...toolchain,
        '/usr/include/both.h': '-hidden-owner dev-libs/both-1@sysroot',
        '/usr/lib64/libboth.so': '-hidden-owner dev-libs/both-1@sysroot',
        '/usr/lib64/libalias.so': '-unowned',
        '/var/db/pkg/dev-libs/both-1/SLOT': '-unowned',
      }).map(([path, text]) => [at(path), text]),
    ),
  );
  t.deepEqual(rules(view, around), {
    '/usr/include/both.h': '+owned dev-libs/both-1',
    '/usr/bin/tool': '+owned dev-util/tool-1',
    '/usr/bin/gcc-13': `+owned cross-${chost}/gcc-13`,
    [`/usr/bin/${chost}-gcc`]: '+symlink',
    '/etc/ssl/certs/a': '+system',
    '/mnt/other': '-unowned',
    '/opt/litter': '-unowned',
    '/var/db/pkg/dev-libs/both-1/SLOT': '+owned',
  });
});

test('the saved index knows both databases, and is not that of the root alone', async (t) => {
  const made = await cross(t);
  const cache = mkdtempSync(join(tmpdir(), 'lvfs-cache-'));
  t.teardown(() => rmSync(cache, { recursive: true }));
  const paths = below.map((path) => made.sysroot + path);
  const first = rules(await open(t, made, 'app-misc/library', cache), paths);
  made.target.uninstall('dev-libs/secret-1');
  const again = rules(await open(t, made, 'app-misc/library', cache), paths);
  t.deepEqual(again, {
    ...first,
    [`${made.sysroot}/usr/include/secret.h`]: '-absent',
    [`${made.sysroot}/usr/include/shared.h`]: `-absent cross-${chost}/glibc-2.40`,
    [`${made.sysroot}/var/db/pkg/dev-libs/secret-1/SLOT`]: '-absent',
  });
  const native = await planView(
    {
      locations: { root: made.host.root },
      set: { targets: ['app-misc/library'] },
      show: [],
      hide: [],
      systemPaths: [],
      cache,
    },
    { log: silent, progress: () => undefined },
  );
  t.deepEqual(native.explain(Buffer.from(`${made.sysroot}/usr/include/both.h`)).owners, []);
});

test('what emerge inside is told, and what is mounted over the view', async (t) => {
  const made = await cross(t);
  const {
    host: { root },
    sysroot,
  } = made;
  const view = await planView(
    {
      locations: { root, sysroot },
      set: { targets: ['app-misc/library'] },
      show: [],
      hide: [],
      systemPaths: [],
      cache: join(root, 'tmp/cache'),
      binds: { defaults: true, create: false, binds: [], readOnlyBinds: [] },
    },
    { log: silent, progress: () => undefined },
  );
  t.deepEqual(view.environment(), {
    LVFS_TARGET: 'app-misc/library-1',
    PORTAGE_CONFIGROOT: sysroot,
    ROOT: sysroot,
    SYSROOT: sysroot,
  });
  const binds = view.plan?.binds ?? [];
  const at = (path: string) => binds.filter(({ target: place }) => place === path);
  t.deepEqual(at(`${sysroot}/var/db`), [
    { target: `${sysroot}/var/db`, kind: 'bind', source: `${root}${sysroot}/var/db` },
  ]);
  t.deepEqual(
    binds.filter(({ kind }) => kind === 'database').map(({ target: place }) => place),
    ['/var/db/pkg', `${sysroot}/var/db/pkg`],
  );
  for (const path of ['/var/cache/edb', '/var/lib/gentoo/news'])
    t.deepEqual([at(path)[0]?.kind, at(sysroot + path)[0]?.kind], ['memory', 'memory'], path);
});
