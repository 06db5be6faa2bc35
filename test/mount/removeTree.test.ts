/** A test that fails with something mounted must not make its clean-up remove what is mounted. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { whyNotMount } from '../helpers/inView.js';
import { removeTree } from '../helpers/removeTree.js';

const reason = whyNotMount();
const mountTest = reason === undefined ? test.serial : test.serial.skip;

mountTest(
  `what is mounted below a scratch directory outlives it${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  (t) => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'lvfs-elsewhere-'));
    t.teardown(() => rmSync(elsewhere, { recursive: true }));
    writeFileSync(join(elsewhere, 'precious'), 'kept');
    const scratch = mkdtempSync(join(tmpdir(), 'lvfs-scratch-'));
    for (const name of ['one', 'one/two', 'odd \\name']) {
      const mountpoint = join(scratch, name);
      mkdirSync(mountpoint);
      const { status, stderr } = spawnSync('mount', ['--bind', elsewhere, mountpoint], { encoding: 'utf8' });
      t.is(status, 0, stderr);
    }
    removeTree(scratch);
    t.false(existsSync(scratch));
    t.is(readFileSync(join(elsewhere, 'precious'), 'utf8'), 'kept');
    t.false(readFileSync('/proc/self/mountinfo', 'utf8').includes(scratch));
  },
);
