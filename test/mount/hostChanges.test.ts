/** What changes on the host without a merge, in files that packages own. */
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { systemProblem } from '../../src/system/index.js';
import { gentooRoot } from '../helpers/gentooRoot.js';
import { reasonNotToMount, testDriver } from '../helpers/withMemoryMount.js';
import { withMountedView } from '../helpers/withView.js';

const reason =
  reasonNotToMount() ??
  systemProblem()?.message ??
  (testDriver().capabilities.invalidation ? undefined : 'a driver that cannot tell the kernel of changes');
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const because = reason === undefined ? '' : ` (skipped: ${reason})`;

async function system(t: ExecutionContext) {
  const gentoo = await gentooRoot({
    packages: {
      'sys-libs/shown-1': {
        files: {
          '/usr/bin/tool': 'tool',
          '/usr/share/data/one': 'one',
          '/usr/share/link': { link: 'data' },
          '/usr/share/lost': null,
        },
      },
      'dev-libs/hidden-1': {
        files: { '/usr/share/secret/one': 'secret', '/usr/share/secret/two': 'secret' },
      },
    },
  });
  t.teardown(gentoo.cleanup);
  return gentoo;
}

/** Waits until something holds; the test fails when it never does. */
async function eventually(t: ExecutionContext, what: string, holds: () => boolean): Promise<void> {
  for (let left = 600; left > 0; left--) {
    if (holds()) {
      t.pass(what);
      return;
    }
    await delay(50);
  }
  t.fail(what);
}

const said = (ask: () => string): string => {
  try {
    return ask();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? '';
  }
};

mountTest(`modes, types and names that change without a merge are seen${because}`, async (t) => {
  const gentoo = await system(t);
  await withMountedView(
    { root: gentoo.root, visible: ['sys-libs/shown-1'], watch: true },
    async ({ mountpoint }) => {
      const inside = (path: string) => join(mountpoint, path);
      const read = (path: string) => said(() => readFileSync(inside(path), 'utf8'));
      t.deepEqual(
        [read('usr/bin/tool'), read('usr/share/data/one'), read('usr/share/lost')],
        ['tool', 'one', 'ENOENT'],
      );
      t.is(readlinkSync(inside('usr/share/link')), 'data');

      chmodSync(gentoo.path('/usr/bin/tool'), 0o600);
      await eventually(
        t,
        'the mode of a file',
        () => (statSync(inside('usr/bin/tool')).mode & 0o777) === 0o600,
      );

      writeFileSync(gentoo.path('/usr/share/lost'), 'found');
      await eventually(t, 'a file that comes back', () => read('usr/share/lost') === 'found');

      rmSync(gentoo.path('/usr/share/link'));
      mkdirSync(gentoo.path('/usr/share/link'));
      await eventually(t, 'a link that becomes a directory', () =>
        lstatSync(inside('usr/share/link')).isDirectory(),
      );

      rmSync(gentoo.path('/usr/bin/tool'));
      await eventually(t, 'a file that goes', () => read('usr/bin/tool') === 'ENOENT');
    },
  );
});

mountTest(`a directory that becomes a link gives nothing of what that leads to${because}`, async (t) => {
  const gentoo = await system(t);
  await withMountedView(
    { root: gentoo.root, visible: ['sys-libs/shown-1'], watch: true },
    async ({ mountpoint }) => {
      const read = (path: string) => said(() => readFileSync(join(mountpoint, path), 'utf8'));
      t.is(read('usr/share/data/one'), 'one');
      renameSync(gentoo.path('/usr/share/data'), gentoo.path('/usr/share/moved'));
      symlinkSync('secret', gentoo.path('/usr/share/data'));
      // From the very first moment, and for good.
      t.not(read('usr/share/data/one'), 'secret');
      t.not(read('usr/share/data/two'), 'secret');
      await eventually(t, 'the link is seen', () => read('usr/share/data/one') === 'ENOENT');
      t.true(lstatSync(join(mountpoint, 'usr/share/data')).isSymbolicLink());
      t.is(read('usr/share/data/two'), 'ENOENT');
    },
  );
});

mountTest(
  `a directory comes and goes with the first and last thing that is visible in it${because}`,
  async (t) => {
    const gentoo = await system(t);
    mkdirSync(gentoo.path('/srv'));
    mkdirSync(gentoo.path('/usr/share/links'));
    await withMountedView(
      {
        root: gentoo.root,
        visible: ['sys-libs/shown-1'],
        settings: { overrides: { show: ['/srv/**'], hide: [] } },
        watch: true,
      },
      async ({ mountpoint }) => {
        const list = (path: string) => said(() => readdirSync(join(mountpoint, path)).join(' '));
        t.deepEqual([list('srv'), list('usr/share/links')], ['ENOENT', 'ENOENT']);
        for (let round = 0; round < 2; round++) {
          writeFileSync(gentoo.path('/srv/file'), 'file');
          await eventually(t, 'what a glob shows', () => list('srv') === 'file');
          symlinkSync('/usr/bin/tool', gentoo.path('/usr/share/links/tool'));
          await eventually(t, 'a link to something visible', () => list('usr/share/links') === 'tool');
          rmSync(gentoo.path('/srv/file'));
          rmSync(gentoo.path('/usr/share/links/tool'));
          await eventually(
            t,
            'neither',
            () => list('srv') === 'ENOENT' && list('usr/share/links') === 'ENOENT',
          );
        }
      },
    );
  },
);

mountTest(
  `a directory in the place of another has nothing of that, not even what it lacked${because}`,
  async (t) => {
    const gentoo = await system(t);
    for (const name of ['one', 'other']) mkdirSync(gentoo.path(`/srv/${name}`), { recursive: true });
    writeFileSync(gentoo.path('/srv/one/first'), 'first');
    writeFileSync(gentoo.path('/srv/other/second'), 'second');
    await withMountedView(
      {
        root: gentoo.root,
        visible: ['sys-libs/shown-1'],
        settings: { overrides: { show: ['/srv/**'], hide: [] } },
        watch: true,
      },
      async ({ mountpoint }) => {
        const read = (path: string) => said(() => readFileSync(join(mountpoint, path), 'utf8'));
        t.deepEqual([read('srv/one/first'), read('srv/one/second')], ['first', 'ENOENT']);
        renameSync(gentoo.path('/srv/one'), gentoo.path('/srv/away'));
        renameSync(gentoo.path('/srv/other'), gentoo.path('/srv/one'));
        await eventually(t, 'what was there is gone', () => read('srv/one/first') === 'ENOENT');
        await eventually(t, 'what was missing is there', () => read('srv/one/second') === 'second');
      },
    );
  },
);

mountTest(`modes of the root itself are seen when they change${because}`, async (t) => {
  const gentoo = await system(t);
  chmodSync(gentoo.root, 0o755);
  await withMountedView(
    { root: gentoo.root, visible: ['sys-libs/shown-1'], watch: true },
    async ({ mountpoint }) => {
      t.is(statSync(mountpoint).mode & 0o777, 0o755);
      t.deepEqual(readdirSync(mountpoint).includes('usr'), true);
      chmodSync(gentoo.root, 0o700);
      await eventually(t, 'the mode', () => (statSync(mountpoint).mode & 0o777) === 0o700);
    },
  );
});
