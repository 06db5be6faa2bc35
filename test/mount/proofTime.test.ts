/** A build that proves something is ended when its time is over, in less than the minute that the command line can ask for. */
import { existsSync } from 'node:fs';
import test from 'ava';
import { build, verdict } from '../../src/library/build/building.js';
import { interruptionOf } from '../../src/library/build/interruption.js';
import { hearer } from '../../src/library/mounting.js';
import type { InsideRequest } from '../../src/daemon/index.js';
import { nothingLeft, withCommands } from '../helpers/commands.js';
import { whyNotMount } from '../helpers/inView.js';
import { testDriver } from '../helpers/withMemoryMount.js';

const reason = whyNotMount();
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

mountTest(`a build that proves something is ended when its time is over${skipped}`, async (t) => {
  const f = await withCommands(t);
  // What is run here takes its place and its surroundings from this process.
  Object.assign(process.env, { LVFS_RUNTIME_DIR: f.runtime, PATH: f.environment['PATH'] });
  const readOnlyBinds = ['/bin', '/lib', '/lib64', '/usr', '/etc'].filter((path) => existsSync(path));
  const request: InsideRequest = {
    locations: { root: f.gentoo.root },
    set: { targets: ['dev-libs/foo'] },
    show: [],
    hide: [],
    systemPaths: [],
    cache: `${f.directory}/cache`,
    driver: testDriver().name,
    threads: 1,
    version: '0',
    binds: { defaults: true, create: false, binds: [], readOnlyBinds },
    noNetwork: false,
    hostProcesses: false,
  };
  const plan = {
    // What ignores the end is killed in the end.
    command: `[ -e /var/tmp/again ] && { trap '' TERM; sleep 1000; }; : > /var/tmp/again; exit 1`,
    compare: false,
    prove: true,
    proofTime: 0.001,
    image: undefined,
    html: false,
    show: false,
    ignore: [],
    habitsOff: [],
  };
  const outcome = await build(request, plan, hearer({}), interruptionOf({}));
  t.like(outcome, { status: 1, proof: { outcome: 'open', end: 'time', builds: 1 } });
  t.is(verdict(outcome), 29);
  await nothingLeft(t, f);
});
