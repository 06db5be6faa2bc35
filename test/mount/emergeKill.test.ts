/** `lvfs emerge`, killed: one process of all that belong to it, at some moment. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { withFakePortage } from '../helpers/fakePortage.js';
import { mountsNaming, processesNaming, whyNotMount } from '../helpers/inView.js';
import { Killer, type Roles } from '../helpers/killing.js';
import { finished, until } from '../helpers/lvfs.js';

const reason = whyNotMount();
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

/** Runs that are killed; LVFS_KILLS asks for more. */
const kills = Number(process.env['LVFS_KILLS'] ?? 12);
/** A run is killed at some time within this, which is longer than it takes until phases run in views. */
const withinMs = 5000;

const roles: Roles = [
  [/\/cli\/main\.js/, 'lvfs emerge'],
  [/insideMain\.js/, 'a server'],
  [/\/bin\/emerge/, 'emerge'],
  [/pid-ns-init/, 'a phase'],
  [/while :|^(cat|sleep) /, 'a build'],
];

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
    const killer = new Killer(21, withinMs, roles);
    for (let i = 0; i < kills; i++) {
      const child = f.start(
        ...['emerge', '--lvfs-reports', `${f.directory}/reports`, 'dev-libs/foo-1', '+dev-libs/other-2'],
      );
      const end = finished(child);
      const name = await killer.kill(f.runtime);
      if (name === undefined) continue;
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
    t.log(killer.told);
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
