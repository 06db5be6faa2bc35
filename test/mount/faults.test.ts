/**
 * System calls that fail, each in turn: a mount either stands, or fails in one clear line with the right status; a walk gets errors for
 * some names, and the truth the next time; what runs in a private view does or says why not; an unmount is done or can be repeated.
 * Nothing is left in any case. Otherwise some calls fail; with `LVFS_FAULTS=every` each of them, with the errnos in turn; with `LVFS_FAULTS=all` of each
 * function the first, the second, the fourth and so on and the last, with every errno. `LVFS_FAULTS_JOURNAL=FILE` notes what was tried, and goes on
 * behind that; `LVFS_FAULTS_ONLY` is an expression for what is tried, as it stands there (`serveWorker/worker/write`).
 */
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { systemProblem } from '../../src/system/index.js';
import type { FileSpec } from '../helpers/gentooRoot.js';
import { host, nothingLeft, withCommands, type Commands } from '../helpers/commands.js';
import { whyNotMount } from '../helpers/inView.js';
import { until } from '../helpers/lvfs.js';
import { testDriver } from '../helpers/withMemoryMount.js';

const reason =
  whyNotMount() ??
  systemProblem()?.message ??
  (testDriver().name === 'kernel' ? undefined : 'other drivers mount by other programs');
const faultTest = reason === undefined ? test.serial : test.serial.skip;
const because = reason === undefined ? '' : ` (skipped: ${reason})`;

const isAll = process.env['LVFS_FAULTS'] === 'all';
const isEvery = process.env['LVFS_FAULTS'] === 'every';
const chosen = process.env['LVFS_FAULTS_ONLY'];
const only = new RegExp(chosen ?? '');
const { ENOSPC, EIO, EMFILE, ENOMEM, EACCES } = constants.errno;
const errnos = { ENOSPC, EIO, EMFILE, ENOMEM, EACCES };
type Code = keyof typeof errnos;
const codes = Object.keys(errnos) as Code[];
const hook = new URL('../helpers/faultHook.js', import.meta.url).href;
/** Of each function this call and those after it fail, as long as there are so many. */
const last = isAll || isEvery ? 2 ** 12 : 4;
const next = (n: number): number => (isEvery ? n + 1 : 2 * n);

/** What is wrong, a line each, and what to do. */
const clear = /^(lvfs: .+\n)+(hint: .+\n)?$/;

interface Place extends Commands {
  mountpoint: string;
  /** Whether a call was made to fail since this was asked last. */
  wasHit(): boolean;
}

async function place(t: ExecutionContext, system: Parameters<typeof withCommands>[1] = {}): Promise<Place> {
  const f = await withCommands(t, system, { NODE_OPTIONS: `--import=${hook}` });
  const mountpoint = join(f.directory, 'mnt');
  mkdirSync(mountpoint);
  const hits = join(f.directory, 'hits');
  writeFileSync(hits, '');
  f.environment['TEST_FAULT_HITS'] = hits;
  const wasHit = (): boolean => {
    const isHit = readFileSync(hits, 'latin1') !== '';
    writeFileSync(hits, '');
    return isHit;
  };
  return { ...f, mountpoint, wasHit };
}

const withFault = async <T>(f: Place, fault: string, work: () => Promise<T>): Promise<T> => {
  f.environment['TEST_FAULT'] = fault;
  try {
    return await work();
  } finally {
    delete f.environment['TEST_FAULT'];
  }
};

/** What was tried, with what came of it: what fails is told of, and does not keep the rest from being tried. */
class Journal {
  readonly #what: string;
  readonly #file = process.env['LVFS_FAULTS_JOURNAL'];
  readonly #done = new Map<string, string>();
  readonly #failures: string[] = [];

  constructor(what: string) {
    this.#what = what;
    if (this.#file === undefined || !existsSync(this.#file)) return;
    for (const line of readFileSync(this.#file, 'utf8').trim().split('\n')) {
      const [kind, fault = '', outcome = ''] = line.split(' ');
      if (kind === what) this.#done.set(fault, outcome);
    }
  }

  /** Makes a call fail, unless that was done before; `unreached` is when there are not so many calls. */
  async try(fault: string, attempt: () => Promise<string>): Promise<string> {
    if (!only.test(fault)) return 'left out';
    const known = this.#done.get(fault);
    if (known !== undefined && known !== 'wrong') return known;
    let outcome = 'wrong';
    try {
      outcome = await attempt();
    } catch (error) {
      this.#failures.push(`${fault}: ${error instanceof Error ? error.message : String(error)}`);
    }
    this.#done.set(fault, outcome);
    if (this.#file !== undefined) appendFileSync(this.#file, `${this.#what} ${fault} ${outcome}\n`);
    return outcome;
  }

  /** Says what came of all, which is never anything wrong. */
  end(t: ExecutionContext): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const outcome of this.#done.values()) counts[outcome] = (counts[outcome] ?? 0) + 1;
    t.log(JSON.stringify(counts));
    t.deepEqual(this.#failures, []);
    return counts;
  }
}

/** Which of so many calls fail. */
function numbers(count: number): number[] {
  if (!isAll && !isEvery) return [...new Set([Math.min(count, 2), Math.max(1, count - 3)])];
  const found = [Math.max(1, count - 1), count];
  for (let n = 1; n <= count; n = next(n)) found.push(n);
  return [...new Set(found)];
}

let turn = 0;
/** Which errnos a call fails with. */
const codesInTurn = (): readonly Code[] => (isAll ? codes : [codes[turn++ % codes.length]!]);

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
  return new Map([...counts].filter(([who]) => /^(daemonMain|serveWorker)\//.test(who)));
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

faultTest(`each system call of a mount fails in turn${because}`, async (t) => {
  t.timeout(24 * 3600_000);
  const f = await place(t);
  const counts = await count(f);
  t.log([...counts].map(([who, calls]) => `${who} ${calls}`).join(', '));
  const journal = new Journal('mount');
  for (const [who, calls] of counts) {
    for (const n of numbers(calls)) {
      for (const code of codesInTurn())
        await journal.try(`${who}/${n}/${code}`, () => attempt(t, f, `${who}/${n}/${errnos[code]}`));
    }
  }
  const { failed, stood } = journal.end(t);
  if (chosen === undefined) t.truthy(failed);
  if (chosen === undefined) t.truthy(stood);
});

/** A tree for each walk, so that nobody has asked for it before: what a package owns, and a link that nobody does. */
const trees = isAll || isEvery ? 1000 : 40;
const numbered = Array.from({ length: trees }, (_, i) => i);
const treeFiles = Object.fromEntries(
  numbered.flatMap((i): [string, FileSpec][] => [
    [`/opt/trees/${i}/file`, `file ${i}`],
    [`/opt/trees/${i}/link`, { link: 'below/other' }],
    [`/opt/trees/${i}/below/other`, `other ${i}`],
  ]),
);
const unownedFiles = Object.fromEntries(
  numbered.map((i): [string, FileSpec] => [`/opt/trees/${i}/unowned`, { link: 'below/other' }]),
);

let asked = 0;

/** What is found, read and linked to in a tree, and that what is not there is not; undefined when that does not end. */
function lookThrough(f: Place, tree: number): { stdout: string; isWhole: boolean } | undefined {
  const script =
    'cd "$1"; find . -printf "%P %y %s %l\n" | sort; cat file link below/other; stat "$2" 2>&1 | grep -o "No such file"';
  const { stdout, status, signal } = spawnSync(
    'sh',
    ['-ec', script, 'sh', join(f.mountpoint, 'opt/trees', String(tree)), `nothing-${++asked}`],
    { encoding: 'utf8', timeout: 60_000 },
  );
  return signal === null ? { stdout, isWhole: status === 0 } : undefined;
}

const wholeTree = (tree: number): string =>
  [
    ' d 0 ',
    'below d 0 ',
    `below/other f ${`other ${tree}`.length} `,
    `file f ${`file ${tree}`.length} `,
    'link l 11 below/other',
    'unowned l 11 below/other',
    `file ${tree}other ${tree}other ${tree}No such file\n`,
  ].join('\n');

faultTest(
  `each system call of a walk fails in turn, and the next one finds everything${because}`,
  async (t) => {
    t.timeout(24 * 3600_000);
    const f = await place(t, { packages: { 'dev-libs/bar-1': { files: treeFiles } }, files: unownedFiles });
    const order = join(f.directory, 'order');
    let serial = 0;
    const say = (fault: string): void => writeFileSync(order, `${++serial} ${fault}`);
    say('');
    f.environment['TEST_FAULT_FILE'] = order;
    const mount = async (): Promise<void> => {
      const { status, stderr } = await f.lvfs('mount', '--no-binds', 'dev-libs/foo', f.mountpoint);
      t.is(status, 0, stderr);
    };
    await mount();
    let tree = 0;
    const sizes = (text: string | undefined): string | undefined => text?.replace(/ d \d+ /g, ' d 0 ');
    t.is(sizes(lookThrough(f, tree)?.stdout), wholeTree(tree));
    const attemptWalk = async (fault: string): Promise<string> => {
      tree = (tree + 1) % trees;
      f.wasHit();
      say(fault);
      const found = lookThrough(f, tree);
      say('');
      t.not(found, undefined, `${fault}: the walk ends`);
      if (!f.wasHit()) return 'unreached';
      const now = (): string | undefined => sizes(lookThrough(f, tree)?.stdout);
      const after = now();
      // That a link's target may not be looked at is no lack of anything, and is believed.
      const isRight = fault.endsWith(`/${EACCES}`);
      const whole = wholeTree(tree);
      if (after === whole || (isRight && after === whole.replace(/^unowned .*\n/m, '')))
        return found?.isWhole === true ? 'unnoticed' : 'noticed';
      // Either it goes on as if nothing had been, or the view is gone and says why.
      try {
        await until(
          `${fault}: afterwards there is only ${after}`,
          async () => (await f.lvfs('status', '--json', f.mountpoint)).stdout.includes('"failure":'),
          20_000,
        );
        await f.lvfs('umount', f.mountpoint);
        await nothingLeft(t, f);
      } finally {
        await f.lvfs('umount', '--lazy', f.mountpoint);
        await mount();
      }
      return 'ended';
    };
    const journal = new Journal('walk');
    const calls = [
      'read',
      'write',
      'statx',
      'openat',
      'syscall',
      'close',
      'readlinkat',
      'pread64',
      'inotify_add_watch',
    ];
    for (const call of calls) {
      let isReached = true;
      for (let n = 1; n <= last && isReached; n = next(n)) {
        for (const code of codesInTurn()) {
          const fault = `serveWorker/worker/${call}/${n}`;
          const outcome = await journal.try(`${fault}/${code}`, () =>
            attemptWalk(`${fault}/${errnos[code]}`),
          );
          isReached &&= outcome !== 'unreached';
        }
      }
    }
    await f.lvfs('umount', f.mountpoint);
    await nothingLeft(t, f);
    const { noticed } = journal.end(t);
    if (chosen === undefined) t.truthy(noticed);
  },
);

/** Functions that the server of a private view calls. */
const ofServer = [
  'main/mount',
  'main/umount2',
  'main/openat',
  'main/statx',
  'main/syscall',
  'main/inotify_init1',
  'main/capset',
  'main/socketpair',
  'main/recvmsg',
  'main/fcntl',
  'worker/read',
  'worker/write',
];

faultTest(`each system call of a run fails in turn${because}`, async (t) => {
  t.timeout(24 * 3600_000);
  const f = await place(t);
  const attemptRun = async (fault: string): Promise<string> => {
    f.wasHit();
    const { status, stdout, stderr } = await withFault(f, fault, () =>
      f.lvfs('run', ...host, 'dev-libs/foo', '--', 'cat', '/opt/bar/bar.h'),
    );
    await nothingLeft(t, f);
    t.notRegex(stderr, /\n {4}at |bug in lvfs/, fault);
    if (!f.wasHit()) return 'unreached';
    if (status === 0) {
      t.is(stdout, 'bar', fault);
      return 'did';
    }
    // 1 is what cat(1) ends with when it was answered with an error.
    t.true(status === 125 || status === 1, `${fault}: ${status} ${stderr}`);
    // The command may have met it as well, and says so in its own words.
    if (status === 125) t.regex(stderr.replace(/^cat: .*\n/gm, ''), clear, fault);
    return 'refused';
  };
  const journal = new Journal('run');
  for (const call of isAll || isEvery ? ofServer : ['main/mount', 'main/statx', 'worker/write']) {
    const program = call.startsWith('main/') ? 'insideMain' : 'serveWorker';
    let isReached = true;
    for (let n = 1; n <= last && isReached; n = next(n)) {
      for (const code of codesInTurn()) {
        const fault = `${program}/${call}/${n}`;
        const outcome = await journal.try(`${fault}/${code}`, () => attemptRun(`${fault}/${errnos[code]}`));
        isReached &&= outcome !== 'unreached';
      }
    }
  }
  journal.end(t);
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
