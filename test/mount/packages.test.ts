/** What a mounted view shows when packages come and go on the host, and when several clients change it at once. */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { LiveResult, SessionStatus } from '../../src/daemon/index.js';
import { ControlClient } from '../../src/daemon/control/client.js';
import { controlSocket } from '../../src/daemon/registry/registry.js';
import { repositoryPath } from '../helpers/gentooRoot.js';
import { loaderCacheOf, pathsIn } from '../helpers/loaderCache.js';
import { until } from '../helpers/lvfs.js';
import { mountTest, skipped, withViews, type Views } from '../helpers/views.js';

const bar = { RDEPEND: 'sys-libs/zlib', files: { '/usr/include/bar.h': 'bar' } };
const hidden = { files: { '/usr/include/hidden.h': 'hidden' } };

interface Mounted {
  readonly include: string;
  /** The names of the headers. */
  headers(): string[];
  status(): Promise<SessionStatus>;
  change(verb: 'allow' | 'deny', ...names: string[]): Promise<LiveResult>;
}

/** A mounted view with a client. */
async function mounted(t: ExecutionContext, f: Views, ...args: string[]): Promise<Mounted> {
  const { mountpoint, directory } = await f.mount(...args);
  const client = await ControlClient.connect(controlSocket(directory));
  t.teardown(() => client.close());
  const include = join(mountpoint, 'usr/include');
  return {
    include,
    headers: () => (existsSync(include) ? readdirSync(include).sort() : []),
    status: () => client.request('status'),
    change: (verb, ...names) => client.request(verb, { names }),
  };
}

mountTest(
  `a build dependency that is unmerged is gone and told, and seen again when it is merged${skipped}`,
  async (t) => {
    const f = await withViews(t);
    const view = await mounted(t, f);
    t.deepEqual(view.headers(), ['bar.h', 'zlib.h']);
    f.gentoo.uninstall('dev-libs/bar-1');
    await until('it is gone', () => !existsSync(join(view.include, 'bar.h')));
    await until('it is told', async () => (await view.status()).live?.missing.length === 1);
    t.deepEqual((await view.status()).live?.missing, ['dev-libs/bar']);
    t.regex((await f.lvfs('status')).stdout, /mnt0: not installed, so not visible: dev-libs\/bar\n$/);
    t.deepEqual(view.headers(), [], 'and so is what only it needed');

    // Meanwhile the view can be changed, and other merges are seen.
    t.deepEqual((await view.change('allow', 'dev-libs/hidden')).shown, ['dev-libs/hidden-1']);
    t.deepEqual(view.headers(), ['hidden.h']);
    f.gentoo.install('dev-libs/hidden-2', { files: { '/usr/include/hidden2.h': '' } });
    await until('the merge is seen', () => existsSync(join(view.include, 'hidden2.h')));

    f.gentoo.install('dev-libs/bar-1', bar);
    await until('it is back', () => existsSync(join(view.include, 'bar.h')));
    await until('that is told', async () => (await view.status()).live?.missing.length === 0);
    t.deepEqual(view.headers(), ['bar.h', 'hidden2.h', 'zlib.h']);
  },
);

mountTest(
  `what was allowed may be unmerged, and is seen again when it is merged, unless it was denied meanwhile${skipped}`,
  async (t) => {
    const f = await withViews(t);
    const view = await mounted(t, f, '--with', 'app-shells/bash');
    await view.change('allow', 'dev-libs/hidden');
    f.gentoo.uninstall('dev-libs/hidden-1');
    await until(
      'it is told',
      async () => (await view.status()).live?.missing.includes('dev-libs/hidden') === true,
    );
    t.deepEqual(view.headers(), ['bar.h', 'zlib.h']);
    t.deepEqual((await view.change('deny', 'sys-libs/zlib')).hidden, ['sys-libs/zlib-1.3']);
    f.gentoo.install('dev-libs/hidden-1', hidden);
    await until('it is back', () => existsSync(join(view.include, 'hidden.h')));

    f.gentoo.uninstall('dev-libs/hidden-1');
    await until('it is told again', async () => (await view.status()).live?.missing.length === 1);
    await view.change('deny', 'dev-libs/hidden');
    t.deepEqual((await view.status()).live?.allowed, []);
    f.gentoo.install('dev-libs/hidden-1', hidden);
    f.gentoo.install('dev-libs/bar-1', { ...bar, files: { ...bar.files, '/usr/include/new.h': '' } });
    await until('another merge is seen', () => existsSync(join(view.include, 'new.h')));
    t.false(existsSync(join(view.include, 'hidden.h')));
    await t.throwsAsync(view.change('allow', 'dev-libs/nonexistent'), { message: /nonexistent/ });
  },
);

mountTest(
  `what cannot be computed anew stays, without what is gone, and status says why${skipped}`,
  async (t) => {
    const f = await withViews(t);
    const view = await mounted(t, f);
    for (const part of ['dev-libs', 'metadata/md5-cache/dev-libs'])
      rmSync(f.gentoo.path(`${repositoryPath}/${part}`), { recursive: true });
    f.gentoo.uninstall('sys-libs/zlib-1.3');
    await until('what is unmerged is gone', () => !existsSync(join(view.include, 'zlib.h')));
    await until('why is told', async () => typeof (await view.status()).live?.problem === 'string');
    t.regex((await view.status()).live?.problem ?? '', /dev-libs\/foo/);
    t.deepEqual(view.headers(), ['bar.h']);
  },
);

mountTest(
  `changes of several clients at once are all made, and what is answered is done${skipped}`,
  async (t) => {
    const f = await withViews(t);
    for (let i = 0; i < 8; i++)
      f.gentoo.install(`many-libs/lib${i}-1`, { files: { [`/usr/include/lib${i}.h`]: '' } });
    const view = await mounted(t, f);
    const names = Array.from({ length: 8 }, (_, i) => `many-libs/lib${i}`);
    const has = (name: string): boolean => existsSync(join(view.include, `${name.slice(10)}.h`));
    const changed = await Promise.all(
      names.map(async (name) => {
        await view.change('allow', name);
        return has(name);
      }),
    );
    t.deepEqual(
      changed,
      names.map(() => true),
    );
    t.deepEqual((await view.status()).live?.allowed, names);
    // The host changes at the same time: each merge computes what is visible anew.
    const denied = await Promise.all(
      names.map(async (name, i) => {
        f.gentoo.install(`more-libs/more${i}-1`, {});
        await view.change('deny', name);
        return has(name);
      }),
    );
    t.deepEqual(
      denied,
      names.map(() => false),
    );
    f.gentoo.install('dev-libs/bar-1', { ...bar, files: { ...bar.files, '/usr/include/new.h': '' } });
    await until('the last merge is seen', () => existsSync(join(view.include, 'new.h')));
    t.deepEqual(view.headers(), ['bar.h', 'new.h', 'zlib.h']);
  },
);

mountTest(`the loader's cache follows the view, and the host's${skipped}`, async (t) => {
  const f = await withViews(t);
  const path = '/etc/ld.so.cache';
  const libraries = ['bar', 'zlib', 'hidden'].map((name) => `/usr/include/${name}.h`);
  writeFileSync(f.gentoo.path(path), loaderCacheOf(libraries));
  const view = await mounted(t, f);
  const inside = join(view.include, '../..', path);
  const seen = (): string[] => pathsIn(readFileSync(inside)).map((name) => name.slice(13));
  t.deepEqual(seen(), ['bar.h', 'zlib.h']);
  await view.change('allow', 'dev-libs/hidden');
  t.deepEqual(seen(), ['bar.h', 'zlib.h', 'hidden.h']);
  await view.change('deny', 'dev-libs/hidden');
  t.deepEqual(seen(), ['bar.h', 'zlib.h']);
  // ldconfig writes another file and renames it, long after the package is recorded.
  writeFileSync(f.gentoo.path(`${path}~`), loaderCacheOf([...libraries].reverse()));
  renameSync(f.gentoo.path(`${path}~`), f.gentoo.path(path));
  await until('the host’s new one is seen', () => seen()[0] === 'zlib.h');
  t.deepEqual(seen(), ['zlib.h', 'bar.h']);
  f.gentoo.uninstall('sys-libs/zlib-1.3');
  await until('what is unmerged is not in it', () => seen().length === 1);
  t.deepEqual(seen(), ['bar.h']);
});
