/**
 * What lvfs costs before and beside the serving: start-up, mounting, index and memory, at the size of a workstation. All of it
 * on a generated root, each figure the median of several processes.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { processFile } from '../src/base/index.js';
import { connect } from '../src/daemon/index.js';
import { openSystem } from '../src/portage/index.js';
import { generateRoot, type GenerateOptions } from './generate.js';
import { measureIndex } from './index.js';
import { run } from './peers.js';
import { median, type Figure } from './results.js';
import { timed, type Timed } from './timed.js';

const ms = (seconds: number): string => `${(seconds * 1000).toFixed(0)} ms`;
const wallMedian = (runs: readonly Timed[]): number => median(runs.map((one) => one.wall));
const described = (runs: readonly Timed[]): string =>
  `${ms(wallMedian(runs))} (CPU ${ms(median(runs.map(({ cpu }) => cpu)))})`;

/**
 * @param main the built command
 * @param scratch a directory on a filesystem with room for the root, 200 MiB at full size
 */
export async function measureSetup(
  main: string,
  scratch: string,
  size: GenerateOptions,
  runs: number,
): Promise<Figure[]> {
  const root = join(scratch, 'generated');
  const { target, other, installed, entries, visible } = generateRoot(root, size);
  const at = ['--root', root, '--cache', join(scratch, 'generated-cache')];
  const mountpoint = join(scratch, 'generated-mnt');
  mkdirSync(mountpoint);
  const figures: Figure[] = [];
  /** `aim` is a limit for `measured`, in the unit of both. */
  const note = (
    what: string,
    value: string,
    aim?: { measured: number; limit: number; unit: string },
  ): void => {
    figures.push({
      what,
      value,
      aim: aim === undefined ? '' : `≤ ${aim.limit} ${aim.unit}`,
      reached: aim && aim.measured <= aim.limit,
    });
    console.error(`${what}: ${value}`);
  };
  const inMs = (seconds: number, limit: number) => ({ measured: seconds * 1000, limit, unit: 'ms' });
  const lvfs = (...args: string[]): Timed => timed(process.execPath, [main, ...args]);
  const repeat = (work: () => Timed, before: () => void = () => undefined): Timed[] =>
    Array.from({ length: runs }, () => {
      before();
      return work();
    });

  const node = repeat(() => timed(process.execPath, ['-e', '0']));
  const version = repeat(() => lvfs('--version'));
  const ratio = wallMedian(version) / wallMedian(node);
  note('`lvfs --version`', `${described(version)}, ${ratio.toFixed(2)} × \`node -e 0\``, {
    measured: ratio,
    limit: 1.5,
    unit: '×',
  });

  const scale = `${installed.length} packages, ${entries} entries, ${visible.length} visible`;
  const mount = (): Timed => lvfs('mount', ...at, target, mountpoint);
  const unmount = (): void => void run(process.execPath, [main, 'umount', mountpoint]);
  const mounts = (before: () => void): Timed[] =>
    Array.from({ length: runs }, () => {
      before();
      const one = mount();
      // The index is saved after the view answers; the next mount must not meet half of it.
      const status = daemonStatus(main, mountpoint);
      waitForIdle(status.pid);
      unmount();
      return one;
    });
  const clean = (): void => rmSync(join(scratch, 'generated-cache'), { recursive: true, force: true });
  const noteMounts = (what: string, limit: number, before: () => void): void => {
    const seconds = wallMedian(mounts(before));
    note(what, ms(seconds), inMs(seconds, limit));
  };
  noteMounts(`\`lvfs mount\` without a saved index: ${scale}`, 3000, clean);
  noteMounts('the same with a saved index', 400, () => undefined);

  mount();
  const mounted = daemonStatus(main, mountpoint);
  waitForIdle(mounted.pid);
  const before = residentMiB(mounted.pid);
  const walk = (): void => void spawnSync('find', [mountpoint, '-xdev', '-ls'], { stdio: 'ignore' });
  walk();
  const walked = residentMiB(mounted.pid);
  for (let i = 0; i < 3; i++) walk();
  spawnSync('sh', ['-c', 'echo 2 >/proc/sys/vm/drop_caches'], { stdio: 'ignore' });
  walk();
  const last = residentMiB(mounted.pid);
  note(
    'daemon RSS: mounted; walked; walked five times, once with cold kernel caches',
    `${before} MiB; ${walked} MiB; ${last} MiB`,
    { measured: Math.max(before, walked, last), limit: 200, unit: 'MiB' },
  );
  unmount();

  const added = makeHiddenFiles(root, new Set(visible), installed);
  mount();
  waitForIdle(daemonStatus(main, mountpoint).pid);
  const retarget = await measureRetarget(mountpoint, [other, target], runs);
  walk();
  const live = await measureLive(mountpoint, added, runs);
  unmount();
  const cached = `of a package of ${added.paths.length} files, everything cached`;
  note(`\`allow\` ${cached}`, ms(live.allow), inMs(live.allow, 50));
  note(`\`deny\` ${cached}`, ms(live.deny));
  note(
    `\`retarget\` to ${visible.length} packages from ${retarget.others}, nothing used; the first time`,
    `${described(retarget.later)}; ${described([retarget.first])}`,
    inMs(wallMedian(retarget.later), 50),
  );

  const path = '/usr/bin/x';
  const noteCommand = (what: string, limit: number, ...args: string[]): void => {
    const timedRuns = repeat(() => lvfs(...args));
    note(what, described(timedRuns), inMs(wallMedian(timedRuns), limit));
  };
  noteCommand('`lvfs why /usr/bin/x`', 160, 'why', ...at, path);
  noteCommand(`\`lvfs deps\` of ${visible.length} packages`, 500, 'deps', ...at, target);
  const hundred = hundredTargets(root, installed);
  note('100 targets in one process', ms(hundred), inMs(hundred, 5000));

  const index = measureIndex(root, runs);
  const noteIndex = (
    what: string,
    key: 'build' | 'load' | 'updateOneChanged' | 'loadOneChanged',
    limit?: number,
  ): void => {
    const wall = index[key];
    const value = `${wall.toFixed(0)} ms (CPU ${index[`${key}Cpu`].toFixed(0)} ms)`;
    note(what, value, limit === undefined ? undefined : inMs(wall / 1000, limit));
  };
  noteIndex('index made anew', 'build');
  noteIndex('index loaded', 'load');
  noteIndex('index brought up to date, one package changed', 'updateOneChanged', 100);
  noteIndex('index loaded and brought up to date', 'loadOneChanged', 100);
  note('saved index', `${(index.fileBytes / 2 ** 20).toFixed(1)} MiB`);
  return figures;
}

interface HiddenPackage {
  readonly cpv: string;
  /** All of its files, which exist, relative to the root. */
  readonly paths: readonly string[];
}

/** Gives the hidden package that comes nearest to 10 000 files those files, and takes its dependencies away. */
function makeHiddenFiles(
  root: string,
  visible: ReadonlySet<string>,
  installed: readonly string[],
): HiddenPackage {
  const entry = (cpv: string, name: string): string => join(root, 'var/db/pkg', cpv, name);
  const filesOf = (cpv: string): string[] =>
    readFileSync(entry(cpv, 'CONTENTS'), 'latin1')
      .split('\n')
      .flatMap((line) => (line.startsWith('obj ') ? [line.split(' ')[1]!] : []));
  // A line of CONTENTS is about 100 bytes.
  const distance = (cpv: string): number => Math.abs(statSync(entry(cpv, 'CONTENTS')).size - 1_000_000);
  const hidden = installed.filter((cpv) => !visible.has(cpv));
  const cpv = hidden.reduce((best, one) => (distance(one) < distance(best) ? one : best));
  writeFileSync(entry(cpv, 'RDEPEND'), '\n');
  const paths = filesOf(cpv);
  for (const path of paths) writeFileSync(join(root, path), path);
  return { cpv, paths };
}

/** Shows and hides a package while the kernel holds all names of it, missing and existing. Medians of the time that the daemon takes, in seconds. */
async function measureLive(
  mountpoint: string,
  { cpv, paths }: HiddenPackage,
  runs: number,
): Promise<Record<'allow' | 'deny', number>> {
  const client = await connect(mountpoint);
  const times = { allow: [] as number[], deny: [] as number[] };
  try {
    const there = (path: string): boolean => existsSync(join(mountpoint, path));
    // A few names are those of visible packages, too.
    const own = paths.filter((path) => !there(path));
    for (let i = 0; i < runs; i++) {
      for (const [verb, exists] of [
        ['allow', false],
        ['deny', true],
      ] as const) {
        const found = own.filter(there).length;
        if (own.length === 0 || found !== (exists ? own.length : 0)) {
          throw new Error(`before ${verb}, ${found} of ${own.length} files of ${cpv} are there`);
        }
        const start = process.hrtime.bigint();
        await client.request(verb, { names: [`=${cpv}`] });
        times[verb].push(Number(process.hrtime.bigint() - start) / 1e9);
      }
    }
  } finally {
    client.close();
  }
  return { allow: median(times.allow), deny: median(times.deny) };
}

/**
 * Makes a view that of two targets in turn: what that takes until it is answered, and the processor time of the daemon.
 *
 * @param targets the other target, and the one that the view was mounted for
 */
async function measureRetarget(
  mountpoint: string,
  targets: readonly [string, string],
  runs: number,
): Promise<{ first: Timed; later: Timed[]; others: number }> {
  const client = await connect(mountpoint);
  const status = await client.request('status');
  const pid = status.pid ?? 0;
  const become = async (name: string): Promise<Timed> => {
    const [start, used] = [process.hrtime.bigint(), cpuSeconds(pid)];
    await client.request('retarget', { targets: [name] });
    return { wall: Number(process.hrtime.bigint() - start) / 1e9, cpu: cpuSeconds(pid) - used };
  };
  try {
    const [first] = [await become(targets[0]), await become(targets[1])];
    const later: Timed[] = [];
    for (let i = 0; i < runs; i++) for (const target of targets) later.push(await become(target));
    return { first, later, others: status.packages ?? 0 };
  } finally {
    client.close();
  }
}

function hundredTargets(root: string, installed: readonly string[]): number {
  const start = process.hrtime.bigint();
  const system = openSystem({ root }, { env: {} });
  const step = Math.max(1, Math.floor(installed.length / 100));
  for (let i = 0; i < installed.length; i += step) {
    system.visibleSet({ targets: [`=${installed[i]}`], allowMissing: true });
  }
  return Number(process.hrtime.bigint() - start) / 1e9;
}

function daemonStatus(main: string, mountpoint: string): { pid: number } {
  const answer = JSON.parse(run(process.execPath, [main, 'status', '--json', mountpoint])) as {
    mounts: { pid: number }[];
  };
  const [mount] = answer.mounts;
  if (mount === undefined) throw new Error(`no daemon for ${mountpoint}`);
  return mount;
}

function residentMiB(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Math.round(Number(/^VmRSS:\s*(\d+)/m.exec(status)?.[1] ?? NaN) / 1024);
}

/** Processor time that the threads of a process have had until now, in seconds. */
export function cpuSeconds(pid: number): number {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    // A thread may end meanwhile.
    nanoseconds += Number(processFile(pid, `task/${thread}/schedstat`)?.split(' ')[0] ?? 0);
  }
  return nanoseconds / 1e9;
}

/** Waits until a process has used no processor time for a while. */
function waitForIdle(pid: number): void {
  const end = Date.now() + 20_000;
  const isIdle = (): boolean => {
    const before = cpuSeconds(pid);
    spawnSync('sleep', ['0.3']);
    return cpuSeconds(pid) - before < 0.01;
  };
  while (!isIdle() && Date.now() < end);
}
