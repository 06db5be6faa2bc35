/** Packages come and go under a mounted view while processes use it. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, lstatSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as nextTry } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { gentooRoot, type FileTree, type GentooRoot } from '../helpers/gentooRoot.js';
import { reasonNotToMount, testDriver } from '../helpers/withMemoryMount.js';
import { withMountedView, type MountedView } from '../helpers/withView.js';

const reason = reasonNotToMount();
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const because = reason === undefined ? '' : ` (skipped: ${reason})`;

function files(prefix: string, count: number, directories: number): FileTree {
  const tree: FileTree = {};
  for (let i = 0; i < count; i++) tree[`${prefix}/d${i % directories}/f${i}`] = `content ${i}`;
  return tree;
}

async function system(t: ExecutionContext): Promise<GentooRoot> {
  const gentoo = await gentooRoot({
    packages: {
      'sys-libs/base-1': {
        files: { '/usr/bin/base': 'base', '/usr/share/base/x': 'x', '/usr/lib/python3/mod.py': 'pass' },
      },
      'dev-libs/one-1': {
        files: {
          '/usr/bin/one': 'one',
          '/opt': { directory: true },
          '/usr/share/one/deep/er/file': 'deep',
          '/usr/share/base/from-one': '1',
          '/usr/lib/python3/one.py': 'pass',
          ...files('/usr/share/many', 200, 10),
        },
      },
      // Without a package in them such directories would be nobody's business.
      'dev-libs/hidden-1': { files: { '/etc/hidden.conf': 'x', '/opt/hidden/x': 'x' } },
      'dev-libs/two-1': { files: { '/usr/bin/two': 'two', '/usr/share/many/d3/two': '2' } },
    },
    files: {
      '/usr/bin/link-to-one': { link: '../../etc/alternatives/one' },
      '/etc/alternatives/one': { link: '/usr/bin/one' },
      '/opt/litter/bin/also-one': { link: '/usr/bin/one' },
      '/usr/lib/python3/__pycache__/one.cpython-312.pyc': 'pyc',
    },
  });
  t.teardown(gentoo.cleanup);
  return gentoo;
}

/** Of everything that must be true with or without dev-libs/one, what is not. */
function wrongIn(at: string, one: boolean): string[] {
  const wrong: string[] = [];
  for (const path of [
    'usr/bin/one',
    'usr/share/one/deep/er/file',
    'usr/share/base/from-one',
    'usr/share/many/d3/f3',
    'usr/share/many/d4',
    'usr/bin/link-to-one',
    'etc/alternatives/one',
    'etc/alternatives',
    'opt/litter/bin/also-one',
    'opt',
    'usr/lib/python3/__pycache__/one.cpython-312.pyc',
    'usr/lib/python3/__pycache__',
    'var/db/pkg/dev-libs/one-1/CONTENTS',
  ]) {
    let exists = true;
    try {
      lstatSync(join(at, path));
    } catch {
      exists = false;
    }
    if (exists !== one) wrong.push(`${path} is ${exists ? 'there' : 'not there'}`);
  }
  const listed = (path: string) => readdirSync(join(at, path)).sort().join(' ');
  const expected: [string, string, string][] = [
    ['usr/bin', 'base link-to-one one two', 'base two'],
    ['usr/share', 'base many one', 'base many'],
    ['usr/share/many', 'd0 d1 d2 d3 d4 d5 d6 d7 d8 d9', 'd3'],
    ['usr/share/base', 'from-one x', 'x'],
    ['usr/lib/python3', '__pycache__ mod.py one.py', 'mod.py'],
    ['var/db/pkg/dev-libs', 'one-1 two-1', 'two-1'],
  ];
  for (const [path, withOne, without] of expected) {
    const names = listed(path);
    if (names !== (one ? withOne : without)) wrong.push(`${path} has ${names}`);
  }
  const links = lstatSync(join(at, 'usr/share/many')).nlink;
  if (links !== (one ? 12 : 3)) wrong.push(`usr/share/many has ${links} links`);
  if (one && readFileSync(join(at, 'usr/share/many/d3/f3'), 'utf8') !== 'content 3')
    wrong.push('wrong content');
  return wrong;
}

async function flip(mounted: MountedView, one: boolean): Promise<void> {
  const visible = mounted.ids(['sys-libs/base-1', 'dev-libs/two-1', ...(one ? ['dev-libs/one-1'] : [])]);
  await mounted.live.apply({ visible });
}

mountTest(`a change shows in everything that the kernel had cached${because}`, async (t) => {
  const gentoo = await system(t);
  await withMountedView(
    { root: gentoo.root, visible: ['sys-libs/base-1', 'dev-libs/two-1'] },
    async (mounted) => {
      for (let round = 0; round < 6; round++) {
        const one = round % 2 === 1;
        // What was not cached, and what the kernel has cached by then.
        t.deepEqual(wrongIn(mounted.mountpoint, one), [], `round ${round}`);
        t.deepEqual(wrongIn(mounted.mountpoint, one), [], `round ${round}, again`);
        await flip(mounted, !one);
      }
    },
  );
});

mountTest(`globs can be changed under a mounted view${because}`, async (t) => {
  const gentoo = await system(t);
  await withMountedView({ root: gentoo.root, visible: ['sys-libs/base-1'] }, async ({ mountpoint, live }) => {
    const has = (path: string) => lstatSync(join(mountpoint, path), { throwIfNoEntry: false }) !== undefined;
    const litter = () => [has('opt/litter/bin/also-one'), has('usr/share/many/d1/f1'), has('usr/bin/base')];
    t.deepEqual(litter(), [false, false, true]);
    await live.apply({ overrides: { show: ['/usr/share/many', '/usr/bin/one'], hide: ['/usr/bin/base'] } });
    t.deepEqual(litter(), [true, true, false]);
    t.deepEqual(readdirSync(join(mountpoint, 'usr/bin')).sort(), ['link-to-one', 'one']);
    await live.apply({ overrides: { show: [], hide: [] } });
    t.deepEqual(litter(), [false, false, true]);
    t.deepEqual(readdirSync(join(mountpoint, 'usr/bin')), ['base']);
  });
});

mountTest(`a package that the host merges shows up, and one that it removes goes${because}`, async (t) => {
  const gentoo = await system(t);
  await withMountedView({ root: gentoo.root, visible: ['sys-libs/base-1'] }, async (mounted) => {
    const { mountpoint, store, live } = mounted;
    const { packagesIn } = await import('../helpers/withView.js');
    const update = async (visible: string[]) => {
      const changes = store.update({ packages: packagesIn(gentoo.path('/var/db/pkg')) });
      const packages = [...changes.added, ...changes.removed, ...changes.changed];
      await live.apply({ visible: mounted.ids(visible), updated: { nodes: changes.nodes, packages } });
    };
    const read = (path: string) => {
      try {
        return readFileSync(join(mountpoint, path), 'utf8');
      } catch (error) {
        return (error as NodeJS.ErrnoException).code;
      }
    };
    t.is(read('usr/bin/new'), 'ENOENT');
    t.is(read('usr/share/new/dir/file'), 'ENOENT');
    t.is(read('var/db/pkg/dev-libs/new-1/PF'), 'ENOENT');
    t.deepEqual(readdirSync(join(mountpoint, 'usr/bin')), ['base']);
    gentoo.install('dev-libs/new-1', {
      files: { '/usr/bin/new': 'new', '/usr/share/new/dir/file': 'first' },
    });
    await update(['sys-libs/base-1', 'dev-libs/new-1']);
    t.is(read('usr/bin/new'), 'new');
    t.is(read('usr/share/new/dir/file'), 'first');
    t.is(read('var/db/pkg/dev-libs/new-1/PF'), 'new-1\n');
    t.deepEqual(readdirSync(join(mountpoint, 'usr/bin')).sort(), ['base', 'new']);
    gentoo.uninstall('dev-libs/new-1');
    gentoo.install('dev-libs/new-1', {
      files: { '/usr/bin/new': 'newer', '/usr/share/new/dir/other': 'second' },
    });
    await update(['sys-libs/base-1', 'dev-libs/new-1']);
    t.is(read('usr/bin/new'), 'newer');
    t.is(read('usr/share/new/dir/file'), 'ENOENT');
    t.is(read('usr/share/new/dir/other'), 'second');
    gentoo.uninstall('dev-libs/new-1');
    await update(['sys-libs/base-1']);
    t.is(read('usr/bin/new'), 'ENOENT');
    t.is(read('var/db/pkg/dev-libs/new-1/PF'), 'ENOENT');
    t.deepEqual(readdirSync(join(mountpoint, 'usr/bin')), ['base']);
  });
});

mountTest(`an open directory of a hidden package leads nowhere${because}`, async (t) => {
  const gentoo = await system(t);
  await withMountedView({ root: gentoo.root, visible: ['dev-libs/one-1'] }, async (mounted) => {
    const directory = join(mounted.mountpoint, 'usr/share/one');
    const fd = openSync(directory, 'r');
    try {
      const inside = `/proc/self/fd/${fd}`;
      t.true(existsSync(`${inside}/deep/er/file`));
      await mounted.live.apply({ visible: [] });
      t.false(existsSync(`${inside}/deep/er/file`));
      t.false(existsSync(`${inside}/deep`));
      t.false(existsSync(directory));
    } finally {
      closeSync(fd);
    }
  });
});

for (const threads of [1, 2].filter((count) => count <= testDriver().capabilities.maxThreads)) {
  mountTest(`8 processes walk and read while packages flip, with ${threads} serving${because}`, async (t) => {
    t.timeout(110_000);
    const gentoo = await system(t);
    const rounds = Number(process.env['LVFS_FLIPS'] ?? (testDriver().capabilities.invalidation ? 150 : 10));
    const spec = { root: gentoo.root, visible: ['sys-libs/base-1', 'dev-libs/two-1'], threads };
    await withMountedView(spec, async (mounted) => {
      const script = 'cd "$1" || exit; while :; do find . -type f -exec cat {} + ; ls -lR . ; done';
      const walkers = Array.from({ length: 8 }, () => {
        const child = spawn('sh', ['-c', script, 'sh', mounted.mountpoint], {
          stdio: 'ignore',
          detached: true,
        });
        return child.pid!;
      });
      try {
        for (let round = 0; round < rounds; round++) {
          await flip(mounted, round % 2 === 0);
          t.deepEqual(wrongIn(mounted.mountpoint, round % 2 === 0), [], `round ${round}`);
        }
      } finally {
        for (const pid of walkers) process.kill(-pid, 'SIGKILL');
      }
      t.deepEqual(mounted.messages, []);
    });
  });
}

mountTest(`compiled caches change with the packages, also for whoever has read them${because}`, async (t) => {
  const list = '/usr/lib64/gio/modules/giomodule.cache';
  const gentoo = await gentooRoot({
    packages: {
      'dev-libs/glib-2': { files: { '/usr/lib64/gio/modules/libown.so': 'x' } },
      'dev-libs/one-1': { files: { '/usr/lib64/gio/modules/libone.so': 'x', '/usr/share/icons/i/one': 'x' } },
      'dev-util/gtk-update-icon-cache-3': { files: { '/usr/share/icons/i/own': 'x' } },
    },
    files: { [list]: 'libone.so: a\nlibown.so: b\n', '/usr/share/icons/i/icon-theme.cache': 'all' },
  });
  t.teardown(gentoo.cleanup);
  const always = ['dev-libs/glib-2', 'dev-util/gtk-update-icon-cache-3'];
  await withMountedView({ root: gentoo.root, visible: always, driver: testDriver() }, async (mounted) => {
    const at = mounted.mountpoint;
    const icons = `${at}/usr/share/icons/i`;
    for (const one of [false, true, false, true]) {
      const packages = one ? [...always, 'dev-libs/one-1'] : always;
      await mounted.live.apply({ visible: mounted.ids(packages), metadataOnly: [] });
      const text = one ? 'libone.so: a\nlibown.so: b\n' : 'libown.so: b\n';
      const file = openSync(at + list, 'r');
      t.is(readFileSync(file, 'utf8'), text);
      closeSync(file);
      t.is(lstatSync(at + list).size, text.length);
      t.is(existsSync(`${icons}/icon-theme.cache`), one);
      t.deepEqual(readdirSync(icons).sort(), one ? ['icon-theme.cache', 'one', 'own'] : ['own']);
    }
  });
});

mountTest(`a compiled cache that the host makes anew is made anew${because}`, async (t) => {
  const list = '/usr/lib64/gio/modules/giomodule.cache';
  const gentoo = await gentooRoot({
    packages: {
      'dev-libs/glib-2': { files: { '/usr/lib64/gio/modules/libown.so': 'x' } },
      'dev-libs/one-1': { files: { '/usr/lib64/gio/modules/libone.so': 'x' } },
    },
    files: { [list]: 'libone.so: a\n' },
  });
  t.teardown(gentoo.cleanup);
  const spec = { root: gentoo.root, visible: ['dev-libs/glib-2'], driver: testDriver() };
  await withMountedView(spec, async ({ mountpoint }) => {
    t.is(readFileSync(mountpoint + list, 'utf8'), '');
    gentoo.write(list, 'libone.so: a\nlibown.so: now\n');
    const end = Date.now() + 20_000;
    while (readFileSync(mountpoint + list, 'utf8') === '' && Date.now() < end) await nextTry(50);
    t.is(readFileSync(mountpoint + list, 'utf8'), 'libown.so: now\n');
  });
});
