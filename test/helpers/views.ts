/** Views that `lvfs mount` makes of a small Gentoo system. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { readMountTable } from '../../src/base/index.js';
import { processStartTime } from '../../src/daemon/registry/registry.js';
import { gentooRoot, type GentooRoot } from './gentooRoot.js';
import { whyNotMount } from './inView.js';
import { sandbox, type Sandbox } from './lvfs.js';

const reason = whyNotMount();
/** A test that mounts; skipped where that is not possible. */
export const mountTest = reason === undefined ? test.serial : test.serial.skip;
/** Stands at the end of such a test's title, and says why it is skipped. */
export const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

/** A system and its views. */
export interface Views extends Sandbox {
  gentoo: GentooRoot;
  /** A fresh, empty directory to mount on. */
  mountpoint(): string;
  /** Mounts the view of dev-libs/foo; fails the test when that fails. */
  mount(...args: string[]): Promise<{ mountpoint: string; pid: number; directory: string }>;
  /** Where views are mounted. */
  views(): string[];
}

/** A small Gentoo system and a registry of its own; everything is gone after the test. */
export async function withViews(t: ExecutionContext): Promise<Views> {
  const gentoo = await gentooRoot({
    packages: {
      'sys-libs/zlib-1.3': { files: { '/usr/include/zlib.h': 'zlib' } },
      'dev-libs/bar-1': { RDEPEND: 'sys-libs/zlib', files: { '/usr/include/bar.h': 'bar' } },
      'dev-libs/hidden-1': { files: { '/usr/include/hidden.h': 'hidden' } },
      'app-shells/bash-5': { files: { '/bin/bash': '#!' } },
    },
    ebuilds: {
      'dev-libs/foo-1': { DEPEND: 'dev-libs/bar' },
      'dev-libs/broken-1': { DEPEND: 'dev-libs/absent' },
    },
    system: ['app-shells/bash'],
  });
  const box = sandbox({ LVFS_ROOT: gentoo.root });
  let count = 0;
  const mounts = (): string[] =>
    readMountTable()
      .map((entry) => entry.mountpoint)
      .filter((path) => path.startsWith(`${box.directory}/`));
  // What is mounted inside of a view belongs to it.
  const views = (): string[] =>
    mounts().filter((path, _, all) => !all.some((other) => path.startsWith(`${other}/`)));
  const pids = new Set<number>();
  const self: Views = {
    ...box,
    gentoo,
    views,
    mountpoint() {
      const path = join(box.directory, `mnt${count++}`);
      mkdirSync(path);
      return path;
    },
    async mount(...args) {
      const mountpoint = self.mountpoint();
      const { status, stdout, stderr } = await box.lvfs(
        'mount',
        '--json',
        ...args,
        'dev-libs/foo',
        mountpoint,
      );
      t.is(status, 0, stderr);
      const [mount] = (JSON.parse(stdout) as { mounts: { pid: number; log: string }[] }).mounts;
      const pid = mount?.pid ?? 0;
      pids.add(pid);
      const directory = dirname(mount?.log ?? '');
      return { mountpoint, pid, directory };
    },
  };
  t.teardown(async () => {
    await box.lvfs('umount', '--all', '--lazy');
    for (const view of views()) spawnSync('umount', ['-R', '-l', view]);
    // An assertion comes too late here; what is thrown fails the test as well.
    const left = [
      ...mounts(),
      ...[...pids].filter((pid) => processStartTime(pid) !== undefined).map((pid) => `daemon ${pid}`),
      ...(existsSync(box.runtime) ? readdirSync(box.runtime) : []),
    ];
    if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
    box.cleanup();
    gentoo.cleanup();
  });
  return self;
}
