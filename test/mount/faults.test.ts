/**
 * System calls that fail, each in turn: a mount either stands, or fails in one clear line with the right status; a walk gets errors for
 * some names; an unmount is done or can be repeated. Nothing is left in any case. `LVFS_FAULTS=all` tries every call with every errno;
 * otherwise some.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { systemProblem } from '../../src/system/index.js';
import { nothingLeft, withCommands, type Commands } from '../helpers/commands.js';
import { whyNotMount } from '../helpers/inView.js';
import { testDriver } from '../helpers/withMemoryMount.js';

const reason =
  whyNotMount() ??
  systemProblem()?.message ??
  (testDriver().name === 'kernel' ? undefined : 'other drivers mount by other programs');
const faultTest = reason === undefined ? test.serial : test.serial.skip;
const because = reason === undefined ? '' : ` (skipped: ${reason})`;

const isAll = process.env['LVFS_FAULTS'] === 'all';
const { ENOSPC, EIO, EMFILE, ENOMEM, EACCES } = constants.errno;
const errnos = { ENOSPC, EIO, EMFILE, ENOMEM, EACCES };
const hook = new URL('../helpers/faultHook.js', import.meta.url).href;

/** What is wrong, a line each, and what to do. */
const clear = /^(lvfs: .+\n)+(hint: .+\n)?$/;

interface Place extends Commands {
  mountpoint: string;
}

async function place(t: ExecutionContext): Promise<Place> {
  const f = await withCommands(t, {}, { NODE_OPTIONS: `--import=${hook}` });
  const mountpoint = join(f.directory, 'mnt');
  mkdirSync(mountpoint);
  return { ...f, mountpoint };
}

const withFault = async <T>(f: Place, fault: string, work: () => Promise<T>): Promise<T> => {
  f.environment['TEST_FAULT'] = fault;
  try {
    return await work();
  } finally {
    delete f.environment['TEST_FAULT'];
  }
};

/** Which of so many calls fail: all, or one at the beginning and one at the end. */
function numbers(count: number): number[] {
  if (isAll) return Array.from({ length: count }, (_, i) => i + 1);
  return [...new Set([Math.min(count, 2), Math.max(1, count - 3)])];
}

/** How often each thread makes each call to mount a view, answer a walk, and end. */
async function count(f: Place): Promise<Map<string, number>> {
  const file = join(f.directory, 'calls');
  f.environment['TEST_FAULT_COUNT'] = file;
  await f.lvfs('mount', 'dev-libs/foo', f.mountpoint);
  walk(f);
  await f.lvfs('umount', f.mountpoint);
  delete f.environment['TEST_FAULT_COUNT'];
  const counts = new Map<string, number>();
  for (const line of readFileSync(file, 'latin1').trim().split('\n')) {
    const [who = '', calls] = line.split(' ');
    counts.set(who, Math.max(counts.get(who) ?? 0, Number(calls)));
  }
  return counts;
}

/** All that a walk finds; undefined when it does not end. */
function walk(f: Place): string | undefined {
  const { stdout, signal } = spawnSync('find', [join(f.mountpoint, 'opt'), '-type', 'f'], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  return signal === null ? stdout : undefined;
}

async function attempt(t: ExecutionContext, f: Place, fault: string): Promise<'stood' | 'failed'> {
  const mounted = await withFault(f, fault, () => f.lvfs('mount', 'dev-libs/foo', f.mountpoint));
  const { status, stderr } = mounted;
  t.notRegex(stderr, /\n {4}at |bug in lvfs/, fault);
  if (status === 0) {
    const found = walk(f);
    t.not(found, undefined, `${fault}: a walk ends`);
    t.notRegex(found ?? '', /hidden|litter/, fault);
    const ended = await f.lvfs('umount', f.mountpoint);
    if (ended.status !== 0) {
      t.true(ended.status === 1 || ended.status === 24, `${fault}: ${ended.stderr}`);
      t.regex(ended.stderr, clear, fault);
    }
  } else {
    t.true(status === 23 || status === 1, `${fault}: ${status} ${stderr}`);
    t.regex(stderr, clear, fault);
  }
  // What failed while it was serving is kept on record until it is looked at.
  if (existsSync(f.runtime) && readdirSync(f.runtime).length > 0) await f.lvfs('umount', f.mountpoint);
  await nothingLeft(t, f);
  return status === 0 ? 'stood' : 'failed';
}

faultTest(`each system call of a mount and of a walk fails in turn${because}`, async (t) => {
  t.timeout(24 * 3600_000);
  const f = await place(t);
  const counts = await count(f);
  const results = { stood: 0, failed: 0 };
  const names = Object.keys(errnos) as (keyof typeof errnos)[];
  let turn = 0;
  for (const [who, calls] of counts) {
    if (!/^(daemonMain|serveWorker)\//.test(who)) continue;
    for (const n of numbers(calls)) {
      for (const name of isAll ? names : [names[turn++ % names.length]!])
        results[await attempt(t, f, `${who}/${n}/${errnos[name]}`)]++;
    }
  }
  t.log(`${[...counts].map(([who, calls]) => `${who} ${calls}`).join(', ')}; ${JSON.stringify(results)}`);
  t.not(results.failed, 0);
  t.not(results.stood, 0);
});

faultTest(`each system call of an unmount from outside fails in turn${because}`, async (t) => {
  t.timeout(24 * 3600_000);
  const f = await place(t);
  // A daemon that is gone has to be cleaned up after by the command itself.
  const kill = async (): Promise<void> => {
    const mounted = await f.lvfs('mount', '--json', '--no-binds', 'dev-libs/foo', f.mountpoint);
    const { mounts } = JSON.parse(mounted.stdout) as { mounts: { pid: number }[] };
    process.kill(mounts[0]!.pid, 'SIGKILL');
  };
  for (const name of ['EIO', 'ENOMEM'] as const) {
    for (let n = 1; n <= 2; n++) {
      await kill();
      const first = await withFault(f, `main/main/umount2/${n}/${errnos[name]}`, () =>
        f.lvfs('umount', f.mountpoint),
      );
      t.notRegex(first.stderr, /\n {4}at |bug in lvfs/);
      if (first.status !== 0) {
        t.is(first.status, 1, first.stderr);
        t.regex(first.stderr, /^lvfs: .+\n(hint: .+\n)?$/);
        t.is((await f.lvfs('umount', f.mountpoint)).status, 0);
      }
      await nothingLeft(t, f);
    }
  }
});
