import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { gentooRoot } from '../helpers/gentooRoot.js';
import { mountsNaming, processesNaming, whyNotMount } from '../helpers/inView.js';
import { finished, sandbox, until } from '../helpers/lvfs.js';

const reason = whyNotMount();
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

/** Runs that are killed; LVFS_KILLS asks for more. */
const kills = Number(process.env['LVFS_KILLS'] ?? 40);
/** A run is killed at some time within this, which is longer than it takes to start. */
const withinMs = 1100;

/** Numbers that look random and are the same in each run of the test. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

/** What a process is in the tree that daemon/private/wire.ts draws. */
function roleOf(pid: number): string {
  let words: string;
  try {
    words = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
  } catch {
    // It has ended.
    return 'a helper';
  }
  if (words.includes('/cli/main.js')) return 'lvfs run';
  if (words.includes('insideMain.js')) return 'the server';
  if (words.startsWith('unshare --')) return 'unshare';
  if (words.includes('lvfs-init')) return 'process 1';
  return words.includes('while :') || /^(cat|sleep) /.test(words) ? 'the command' : 'a helper';
}

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
    const random = numbers(20);
    const killed = new Map<string, number>();
    for (let i = 0; i < kills; i++) {
      const child = box.start('run', ...host, 'dev-libs/foo', '--', 'sh', '-c', work);
      const end = finished(child);
      const wait = random.next().value * withinMs;
      await new Promise((done) => setTimeout(done, wait));
      const candidates = processesNaming(box.runtime);
      const pid = candidates[Math.floor(random.next().value * candidates.length)];
      if (pid === undefined) continue;
      const name = roleOf(pid);
      killed.set(name, (killed.get(name) ?? 0) + 1);
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended: short-lived helpers do.
      }
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
    t.log([...killed].map(([name, count]) => `${count} × ${name}`).join(', '));
  },
);
