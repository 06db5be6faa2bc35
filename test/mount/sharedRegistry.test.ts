/** Containers that share a registry: ids of processes mean something else in each. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import test from 'ava';
import { gentooRoot } from '../helpers/gentooRoot.js';
import { whyNotMount } from '../helpers/inView.js';
import { program, sandbox } from '../helpers/lvfs.js';

const reason = whyNotMount();
const mountTest = reason === undefined ? test : test.skip;
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

interface Status {
  mounts: { mountpoint: string; state: string; elsewhere?: true }[];
}

mountTest(
  `a view of another pid namespace is left alone, and can be asked and ended${skipped}`,
  async (t) => {
    const gentoo = await gentooRoot({ ebuilds: { 'dev-libs/foo-1': {} } });
    const box = sandbox({ LVFS_ROOT: gentoo.root });
    t.teardown(() => {
      box.cleanup();
      gentoo.cleanup();
    });
    const mountpoint = join(box.directory, 'view');
    mkdirSync(mountpoint);
    t.is((await box.lvfs('mount', 'dev-libs/foo', mountpoint)).status, 0);
    /** Runs lvfs where neither the processes nor the mounts of this one are seen. */
    const inside = (...words: string[]) =>
      spawnSync(
        'unshare',
        ['--pid', '--fork', '--mount', '--propagation', 'private', '--mount-proc', 'sh', '-c'].concat([
          `umount -l ${mountpoint}; exec "$@"`,
          'sh',
          process.execPath,
          program,
          ...words,
        ]),
        { env: { ...box.environment, NODE_OPTIONS: undefined }, encoding: 'utf8' },
      );
    const seen = inside('status', '--json');
    t.is(seen.status, 0, seen.stderr);
    const { mounts } = JSON.parse(seen.stdout) as Status;
    t.like(mounts, { length: 1, 0: { mountpoint, state: 'serving', elsewhere: true } });
    t.regex(inside('status').stdout, /\d+ elsewhere$/m);
    t.is(inside('umount', '--all').status, 0);
    const own = JSON.parse((await box.lvfs('status', '--json')).stdout) as Status;
    t.like(own.mounts, { length: 1, 0: { mountpoint, state: 'serving' } });
    t.is(own.mounts[0]?.elsewhere, undefined);
    // Who names it means it.
    const ended = inside('umount', mountpoint);
    t.is(ended.status, 0, ended.stderr);
    t.deepEqual((JSON.parse((await box.lvfs('status', '--json')).stdout) as Status).mounts, []);
  },
);
