import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { gentooRoot } from '../helpers/gentooRoot.js';
import { mountsNaming, processesNaming, whyNotMount } from '../helpers/inView.js';
import { Killer, type Roles } from '../helpers/killing.js';
import { finished, sandbox, until } from '../helpers/lvfs.js';

const reason = whyNotMount();
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

/** Runs that are killed; LVFS_KILLS asks for more. */
const kills = Number(process.env['LVFS_KILLS'] ?? 40);
/** A run is killed at some time within this, which is longer than it takes to start. */
const withinMs = 1100;

/** What a process is in the tree that daemon/private/wire.ts draws. */
const roles: Roles = [
  [/\/cli\/main\.js/, 'lvfs run'],
  [/insideMain\.js/, 'the server'],
  [/^unshare --/, 'unshare'],
  [/lvfs-init/, 'process 1'],
  [/while :|^(cat|sleep) /, 'the command'],
];

mountTest(
  `${kills} runs, each with one process killed at some moment, leave nothing behind${skipped}`,
  async (t) => {
    t.timeout(kills * 10_000);
    const gentoo = await gentooRoot({
      packages: { 'dev-libs/bar-1': { files: { '/opt/bar/bar.h': 'bar' } } },
      ebuilds: { 'dev-libs/foo-1': { DEPEND: 'dev-libs/bar' } },
    });
    const box = sandbox({ LVFS_ROOT: gentoo.root, PATH: '/usr/sbin:/usr/bin:/sbin:/bin' });
    t.teardown(() => {
      gentoo.cleanup();
      box.cleanup();
    });
    const host = ['/bin', '/lib', '/lib64', '/usr', '/etc'].flatMap((path) =>
      existsSync(path) ? ['--ro', path] : [],
    );
    const work = 'while :; do cat /opt/bar/bar.h; sleep 0.01 & sleep 0.01; done';
    const killer = new Killer(20, withinMs, roles);
    for (let i = 0; i < kills; i++) {
      const child = box.start('run', ...host, 'dev-libs/foo', '--', 'sh', '-c', work);
      const end = finished(child);
      const name = await killer.kill(box.runtime);
      if (name === undefined) continue;
      // What was killed may have been a helper or the command's own child, which the run outlives.
      await new Promise((done) => setTimeout(done, 20));
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await end;
      await until(
        `run ${i}: nothing runs after the death of ${name}`,
        () => processesNaming(box.runtime).length === 0,
      );
      t.deepEqual(mountsNaming(box.runtime), [], name);
      await until(
        `run ${i}: no session is recorded after the death of ${name}`,
        () => (existsSync(box.runtime) ? readdirSync(box.runtime) : []).length === 0,
      );
      const cache = join(box.directory, 'cache');
      const left = existsSync(cache)
        ? readdirSync(cache).filter((file) => !/^(index|values)-[\w-]+$/.test(file))
        : [];
      t.deepEqual(left, [], name);
    }
    t.log(killer.told);
  },
);
