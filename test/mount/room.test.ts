/** An index that is smaller than all the names that come and go in a directory that is shown. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { gentooRoot } from '../helpers/gentooRoot.js';
import { reasonNotToMount, testDriver } from '../helpers/withMemoryMount.js';
import { withMountedView } from '../helpers/withView.js';

const reason =
  reasonNotToMount() ??
  (testDriver().capabilities.invalidation ? undefined : 'a driver that cannot tell the kernel of changes');
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const because = reason === undefined ? '' : ` (skipped: ${reason})`;

const nodes = 3072;
const room = {
  nodes,
  names: 200_000,
  owners: 4096,
  slots: 4096,
  packages: 64,
  packageNodes: 4096,
  packageNames: 4096,
};

for (const watch of [true, false])
  mountTest(
    `more names come and go than the index holds, and no file is taken for another${watch ? '' : ', unwatched'}${because}`,
    async (t) => {
      t.timeout(600_000);
      // This thread also makes the room, while those that serve wait: it must not wait for them.
      const gentoo = await gentooRoot({
        packages: {
          'sys-libs/shown-1': { files: { '/usr/bin/tool': 'tool', '/usr/share/data/one': 'one' } },
        },
      });
      t.teardown(gentoo.cleanup);
      mkdirSync(gentoo.path('/srv/work'), { recursive: true });
      writeFileSync(gentoo.path('/srv/work/stays'), 'stays');
      await withMountedView(
        {
          root: gentoo.root,
          visible: ['sys-libs/shown-1'],
          settings: { overrides: { show: ['/srv/work/**'], hide: [] } },
          room,
          watch,
          threads: 2,
        },
        async ({ mountpoint, view, given, messages }) => {
          const inside = (path: string) => join(mountpoint, path);
          const perRound = 300;
          const rounds = 24;
          t.true(rounds * perRound > 2 * nodes);
          // Served by now: the threads load their code by the same few that reads below wait in.
          t.is(readFileSync(inside('srv/work/stays'), 'utf8'), 'stays');
          let isDone = false;
          const stays = async () => {
            let reads = 0;
            for (; !isDone; reads++)
              if ((await readFile(inside('srv/work/stays'), 'utf8')) !== 'stays')
                throw new Error('another file');
            return reads;
          };
          const reading = stays();
          let wrong = 0;
          for (let round = 0; round < rounds; round++) {
            const directory = `/srv/work/round-${round}`;
            mkdirSync(gentoo.path(directory));
            const names = Array.from(
              { length: perRound },
              (_, i) => `${directory}/${'long'.repeat(10)}-${i}`,
            );
            for (const name of names) writeFileSync(gentoo.path(name), name);
            const read = await Promise.all(names.map((name) => readFile(inside(name), 'utf8')));
            wrong += read.filter((text, i) => text !== names[i]).length;
            rmSync(gentoo.path(directory), { recursive: true });
            // Until the view has heard of it; what is not watched is asked for again after a second.
            while ((await readdir(inside('/srv/work'))).includes(`round-${round}`)) await delay(20);
          }
          isDone = true;
          t.true((await reading) > 0);
          t.is(wrong, 0);
          t.true(
            given.some((count) => count > 0),
            'names were given back',
          );
          t.true(view.index.nodeCount < nodes);
          t.deepEqual(messages, []);
          writeFileSync(gentoo.path('/srv/work/new'), 'new');
          t.deepEqual(
            await Promise.all(
              ['usr/bin/tool', 'usr/share/data/one', 'srv/work/stays', 'srv/work/new'].map((path) =>
                readFile(inside(path), 'utf8'),
              ),
            ),
            ['tool', 'one', 'stays', 'new'],
          );
        },
      );
    },
  );
