/** `lvfs emerge`, killed: one process of all that belong to it, at some moment. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { withFakePortage } from '../helpers/fakePortage.js';
import { mountsNaming, processesNaming, whyNotMount } from '../helpers/inView.js';
import { finished, until } from '../helpers/lvfs.js';

const reason = whyNotMount();
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

/** Runs that are killed; LVFS_KILLS asks for more. */
const kills = Number(process.env['LVFS_KILLS'] ?? 12);
/** A run is killed at some time within this, which is longer than it takes until phases run in views. */
const withinMs = 5000;

/** Numbers that look random and are the same in each run of the test. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

function roleOf(pid: number): string {
  let words: string;
  try {
    words = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
  } catch {
    // It has ended.
    return 'a helper';
  }
  if (words.includes('/cli/main.js')) return 'lvfs emerge';
  if (words.includes('insideMain.js')) return 'a server';
  if (words.includes('/bin/emerge')) return 'emerge';
  if (words.includes('pid-ns-init')) return 'a phase';
  return words.includes('while :') || /^(cat|sleep) /.test(words) ? 'a build' : 'a helper';
}

mountTest(
  `${kills} emerges, each with one process killed at some moment, leave nothing behind${skipped}`,
  async (t) => {
    t.timeout(kills * 60_000);
    const f = await withFakePortage(t);
    const work = 'while :; do cat /opt/bar/bar.h; sleep 0.01 & sleep 0.01; done';
    f.order({
      'dev-libs/foo-1': { setup: ':', compile: work },
      'dev-libs/other-2': { setup: 'while :; do sleep 0.01; done' },
    });
    const random = numbers(21);
    const killed = new Map<string, number>();
    for (let i = 0; i < kills; i++) {
      const child = f.start(
        ...['emerge', '--lvfs-reports', `${f.directory}/reports`, 'dev-libs/foo-1', '+dev-libs/other-2'],
      );
      const end = finished(child);
      const wait = random.next().value * withinMs;
      await new Promise((done) => setTimeout(done, wait));
      const candidates = processesNaming(f.runtime);
      const pid = candidates[Math.floor(random.next().value * candidates.length)];
      if (pid === undefined) continue;
      const name = roleOf(pid);
      killed.set(name, (killed.get(name) ?? 0) + 1);
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended: short-lived helpers do.
      }
      // What was killed may have been a helper or a build's own child, which the emerge outlives.
      await new Promise((done) => setTimeout(done, 20));
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await end;
      await until(
        `emerge ${i}: nothing runs after the death of ${name}`,
        () => processesNaming(f.runtime).length === 0,
        60_000,
      );
      t.deepEqual(mountsNaming(f.runtime), [], name);
      await until(
        `emerge ${i}: no session is recorded after the death of ${name}`,
        () => (existsSync(f.runtime) ? readdirSync(f.runtime) : []).length === 0,
      );
    }
    t.log([...killed].map(([name, count]) => `${count} × ${name}`).join(', '));
    f.order({ 'dev-libs/foo-1': {} });
    const { status, signal, stderr } = await f.lvfs(
      'emerge',
      '--lvfs-reports',
      `${f.directory}/reports`,
      'dev-libs/foo-1',
    );
    const log = join(f.buildDirectory, 'dev-libs/foo-1/temp/build.log');
    t.is(
      status,
      0,
      `${signal ?? ''} ${stderr}\n${existsSync(log) ? readFileSync(log, 'utf8') : 'no build.log'}`,
    );
  },
);
