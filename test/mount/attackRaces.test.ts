/**
 * What is shown is swapped for links to what is hidden, under readers: nothing hidden is ever read. `LVFS_SWAPS` says how often; the
 * nightly run asks for ten thousand.
 */
import { renameSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { systemProblem } from '../../src/system/index.js';
import { secret } from '../helpers/attacker.js';
import { gentooRoot } from '../helpers/gentooRoot.js';
import type { Race, Seen } from '../helpers/raceReader.js';
import { reasonNotToMount } from '../helpers/withMemoryMount.js';
import { withMountedView } from '../helpers/withView.js';

const reason = reasonNotToMount() ?? systemProblem()?.message;
const raceTest = reason === undefined ? test.serial : test.serial.skip;
const because = reason === undefined ? '' : ` (skipped: ${reason})`;

const swaps = Number(process.env['LVFS_SWAPS'] ?? 150);
const readers = Number(process.env['LVFS_READERS'] ?? 3);

/** What is swapped, and for what: paths in the root, and the target of the link. */
const cases: readonly (readonly [title: string, path: string, target: string])[] = [
  ['a directory for a link to a hidden one', '/usr/share/shown', 'hidden-directory'],
  ['a directory for a link to a private one that nobody owns', '/usr/share/shown', '../../private'],
  ['the directory above for a link to one with hidden files', '/usr/share', 'other'],
  ['a file for a link to a hidden one', '/usr/share/shown/a', '../hidden-directory/a'],
  ['a system directory for a link to a hidden one', '/etc/env.d', '../usr/share/hidden-directory'],
];

for (const [title, path, target] of cases) {
  raceTest(`${swaps} times ${title}${because}`, async (t) => {
    t.timeout(60_000 + swaps * 100);
    const gentoo = await gentooRoot({
      packages: {
        'sys-libs/shown-1': { files: { '/usr/share/shown/a': 'shown', '/usr/share/shown/b': 'shown' } },
        'dev-libs/hidden-1': {
          files: {
            '/usr/share/hidden-directory/a': secret,
            '/usr/share/hidden-directory/b': secret,
            '/usr/other/shown/a': secret,
            '/usr/other/shown/b': secret,
            '/usr/other/shown/hidden': secret,
          },
        },
      },
      files: {
        '/etc/env.d/a': 'shown',
        '/etc/env.d/b': 'shown',
        '/private/a': { text: secret, mode: 0o600 },
        '/private/b': { text: secret, mode: 0o600 },
      },
    });
    t.teardown(gentoo.cleanup);
    const place = gentoo.path(path);
    await withMountedView(
      { root: gentoo.root, visible: ['sys-libs/shown-1'], watch: true },
      async ({ mountpoint }) => {
        const race: Race = {
          files: ['usr/share/shown/a', 'usr/share/shown/b', 'etc/env.d/a', 'etc/env.d/b'].map((file) =>
            join(mountpoint, file),
          ),
          directories: ['usr/share/shown', 'etc/env.d'].map((directory) => join(mountpoint, directory)),
          stop: new SharedArrayBuffer(4),
        };
        const ends = Array.from({ length: readers }, () => {
          const worker = new Worker(new URL('../helpers/raceReader.js', import.meta.url), {
            workerData: race,
          });
          return new Promise<Seen>((done, fail) => worker.once('message', done).once('error', fail));
        });
        for (let i = 0; i < swaps; i++) {
          renameSync(place, `${place}.away`);
          symlinkSync(target, place);
          await delay(i % 4);
          unlinkSync(place);
          renameSync(`${place}.away`, place);
          await delay(i % 3);
        }
        Atomics.store(new Int32Array(race.stop), 0, 1);
        const seen = await Promise.all(ends);
        const sum = (of: (one: Seen) => number): number => seen.reduce((all, one) => all + of(one), 0);
        t.log(`${sum(({ answers }) => answers)} answers, ${sum(({ shown }) => shown)} of what is shown`);
        t.is(
          sum(({ hidden }) => hidden),
          0,
        );
        t.not(
          sum(({ shown }) => shown),
          0,
        );
      },
    );
  });
}
