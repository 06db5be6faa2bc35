/**
 * `npm run bench -- --help`: lvfs beside other ways to show a root.
 *
 * Everything happens in a private mount namespace and a scratch directory. Each peer is mounted anew for each run; a
 * cold pass is the first after the mount (the host's own caches are warm), warm passes are the same again. Native
 * passes before and after give the ratio. Requests are counted by the kernel in the same passes. The medians are
 * printed, and written to bench/RESULTS.md by a full run.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeDebianVdb } from '../examples/debianVdb.js';
import { errorCode } from '../src/base/index.js';
import { allPeers, farms, peerNames, run, unmountTree, type Mounted, type Peer } from './peers.js';
import { RequestCounter, type Requests } from './requests.js';
import { median, resultsMarkdown, subject, type Cell, type Figure, type Row } from './results.js';
import { cpuSeconds, measureSetup } from './setup.js';
import { manyTargets, measureTargets } from './targets.js';
import {
  fullScale,
  prepareWorkloads,
  quickScale,
  workInside,
  workloadNames,
  type Pass,
  type Workload,
} from './workloads.js';

const help = `Usage: npm run bench -- [option…]

Measures lvfs beside other ways to show a root, and writes bench/RESULTS.md when nothing is left out. Needs root, /dev/fuse and a
Debian host, whose packages become the view; a peer that is not installed is left out and named.

  --quick          small and once: shows that the benchmark works, and measures nothing
  --only NAME,…    these workloads: ${workloadNames.join(', ')}
  --peers NAME,…   these peers: ${peerNames.join(', ')}
  --runs N         so many runs (default 5)
  --no-setup       nothing about start-up, index and memory
  --help           this text`;

/** The environment variable by which the second process, in its namespace, learns of the scratch directory. */
const scratchVariable = 'LVFS_BENCH_SCRATCH';
const root = join(import.meta.dirname, '../..');
/** A warm pass is repeated until it takes that long natively: a few milliseconds would show the client's start-up only. */
const warmSeconds = 0.1;
const mostPasses = 50;
const watchdogSeconds = 330;
/** Native is measured again after so many peers. */
const peersPerNative = 3;

interface Options {
  readonly quick: boolean;
  readonly setup: boolean;
  readonly runs: number;
  readonly isWanted: (kind: 'only' | 'peers', name: string) => boolean;
  /** Nothing is left out: the results are those to keep. */
  readonly isWhole: boolean;
}

/** The options, or a text that says what is wrong with them. */
function readOptions(args: readonly string[]): Options | string {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean', default: false },
        only: { type: 'string' },
        peers: { type: 'string' },
        runs: { type: 'string' },
        'no-setup': { type: 'boolean', default: false },
      },
    }));
  } catch (error) {
    return error instanceof Error ? (error.message.split('. ')[0] ?? '') : String(error);
  }
  const { quick, runs = '5' } = values;
  if (!/^[1-9]\d*$/.test(runs)) return `--runs takes a number above 0, not '${runs}'`;
  const named = {
    only: values.only?.split(','),
    peers: values.peers?.split(','),
  };
  const known: Record<keyof typeof named, readonly string[]> = { only: workloadNames, peers: peerNames };
  for (const kind of ['only', 'peers'] as const) {
    const unknown = named[kind]?.find((name) => !known[kind].includes(name));
    if (unknown !== undefined)
      return `--${kind}: there is no '${unknown}'; there are ${known[kind].join(', ')}`;
  }
  return {
    quick,
    setup: !values['no-setup'],
    runs: quick ? 1 : Number(runs),
    isWanted: (kind, name) => named[kind]?.includes(name) ?? true,
    isWhole: !quick && !values['no-setup'] && named.only === undefined && named.peers === undefined,
  };
}

async function start(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    console.log(help);
    return 0;
  }
  const options = readOptions(args);
  const problem =
    typeof options === 'string'
      ? options
      : process.getuid?.() !== 0
        ? 'must be root, to mount what is compared'
        : undefined;
  if (typeof options === 'string' || problem !== undefined) {
    console.error(`npm run bench: ${problem} (--help says more)`);
    return 2;
  }
  const scratch = process.env[scratchVariable];
  // What somebody has set for lvfs is no part of what is measured.
  for (const name of Object.keys(process.env)) if (name.startsWith('LVFS_')) delete process.env[name];
  return scratch === undefined
    ? inNamespace(mkdtempSync(join(scratchPlace(), 'lvfs-bench-')))
    : measureEverything(options, scratch);
}

/**
 * Does it all in a private mount namespace. What was mounted is gone with it, so the scratch directory is removed here,
 * where nothing of the host is mounted below it.
 */
function inNamespace(scratch: string): number {
  const again = spawnSync(
    'unshare',
    [
      '--mount',
      '--propagation',
      'private',
      '--fork',
      '--kill-child',
      process.execPath,
      ...process.execArgv,
      ...process.argv.slice(1),
    ],
    { stdio: 'inherit', env: { ...process.env, [scratchVariable]: scratch } },
  );
  if (again.error !== undefined) console.error(`npm run bench: ${again.error.message}`);
  if (readFileSync('/proc/self/mountinfo', 'utf8').includes(scratch)) {
    console.error(`${scratch} is left behind: something is mounted below it`);
    return 1;
  }
  rmSync(scratch, { recursive: true, force: true });
  return again.status ?? 1;
}

/** A directory for scratch files on the root's own filesystem: of that a bind mount of the root shows them, and a hard link leads to it. */
function scratchPlace(): string {
  const { dev } = statSync('/');
  return (
    [tmpdir(), '/var/tmp', '/root'].find((path) => existsSync(path) && statSync(path).dev === dev) ?? tmpdir()
  );
}

/** Whether a peer is lvfs, with whichever driver: that it fails at something is a failure of the benchmark. */
function isOurs(peer: string): boolean {
  return peer === subject || peer === `${subject} libfuse`;
}

async function measureEverything(options: Options, scratch: string): Promise<number> {
  const { quick, isWanted } = options;
  const scale = quick ? quickScale : fullScale;
  const startedAt = Date.now();
  const vdb = makeDebianVdb(join(scratch, 'gentoo'));
  const bigDirectory = join(scratch, 'listing');
  mkdirSync(bigDirectory);
  for (let i = 0; i < scale.listing; i++) writeFileSync(join(bigDirectory, `entry-${i}`), '');
  vdb.addInstalled({
    category: 'bench',
    name: 'listing',
    version: '1',
    paths: bigPaths(bigDirectory, scale.listing),
  });
  const target = vdb.addTarget({
    category: 'bench',
    name: 'everything',
    version: '1',
    EAPI: '8',
    DEPEND: ['=bench/listing-1', ...vdb.packages.map(({ cpv }) => `=${cpv}`)].join(' '),
  });
  const lvfs = {
    main: join(root, 'dist/src/cli/main.js'),
    target: `=${target}`,
    options: [...vdb.options, '--cache', join(scratch, 'cache'), '--allow-missing'],
  };
  const place: Place = {
    work: join(scratch, 'work'),
    mountpoint: join(scratch, 'mnt'),
    native: join(scratch, 'native'),
    requests: new RequestCounter(join(scratch, 'trace')),
  };
  const { mountpoint, native, requests } = place;
  mkdirSync(mountpoint);
  mkdirSync(native);
  run('mount', ['--bind', '/', native]);
  run('mount', ['-o', 'remount,bind,ro', native]);
  bindInside(place.work, native);

  const source = join(scratch, 'source');
  mkdirSync(source);
  run('mount', ['--bind', '/', source]);
  run('mount', ['-o', 'remount,bind,ro', source]);

  const peers = allPeers(lvfs, source, scratch);
  const exemplar = await peers[0]!.mount(mountpoint);
  const workloads = prepareWorkloads(mountpoint, scratch, bigDirectory, scale).filter(({ name }) =>
    isWanted('only', name),
  );
  const farmList = join(scratch, 'farm-list');
  if (!quick) writeFileSync(farmList, farmPaths(mountpoint, bigDirectory.slice(1)));
  await exemplar.unmount();

  const figures: Figure[] = [];
  const rows: Row[] = [];
  const notes: string[] = [];
  const remarks: string[] = [];
  const available = (peer: Peer): boolean => {
    if (!isWanted('peers', peer.name)) return false;
    const reason = peer.unavailable();
    notes.push(`${peer.name}: ${reason === undefined ? peer.options : `not measured, ${reason}`}`);
    if (reason !== undefined) console.error(notes.at(-1));
    return reason === undefined;
  };
  const measureAll = async (some: readonly Peer[]): Promise<void> => {
    for (const workload of workloads) {
      // A quick run shows that all work; lvfs, with each driver, at everything, the others at one thing.
      const measured = some
        .filter((peer) => peer.takesPart?.(workload) ?? true)
        .filter(({ name }) => !quick || workload === workloads[0] || isOurs(name));
      if (measured.length === 0) continue;
      console.error(`${workload.name}: ${workload.title}`);
      for (const [peer, cell] of await measure(measured, workload, place, options.runs)) {
        const { name, title, aim, chroot } = workload;
        rows.push({ peer: peer.name, isRival: peer.isRival, workload: name, title, aim, chroot, cell });
        console.error(`${name.padEnd(11)} ${peer.name.padEnd(15)} ${describe(cell)}`);
      }
    }
  };
  const refaults = pagesReadAgain();
  await measureAll(peers.filter(available));
  let setupFailed = false;
  if (options.setup) {
    const size = quick ? { packages: 50, entries: 20_000, visible: 30 } : {};
    try {
      figures.unshift(
        ...daemonShares(rows),
        ...(await measureSetup(lvfs.main, scratch, size, quick ? 1 : options.runs)),
        ...(await measureTargets(lvfs.main, vdb, scratch, {
          runs: quick ? 1 : options.runs,
          targets: quick ? 3 : manyTargets,
        })),
      );
    } catch (error) {
      setupFailed = true;
      remarks.push(`Setting up could not be measured: ${message(error)}`);
    }
  }
  // After all else: tens of thousands of mounts make every later mount slower.
  const made = quick ? [] : farms(farmList, scratch).filter(available);
  await measureAll(made);
  for (const farm of made) {
    const { seconds = NaN, files = 0 } = farm.made() ?? {};
    const what = `${farm.name} of ${files} files, made`;
    figures.push({ what, value: `${seconds.toFixed(2)} s`, aim: '', reached: undefined });
  }
  const again = pagesReadAgain() - refaults;
  if (again > 0) {
    remarks.push(
      `The machine took pages out of its page cache meanwhile, of which ${again} were read again (\`workingset_refault_file\` in /proc/vmstat).`,
    );
  }
  requests.close();
  remarks.push(`All this took ${((Date.now() - startedAt) / 60_000).toFixed(1)} minutes.`);

  const environment = `Linux ${release()}, Node ${process.version}, ${cpus().length} CPUs (${cpus()[0]?.model.trim() ?? 'unknown'}), ${new Date().toISOString().slice(0, 10)}`;
  const text = resultsMarkdown({ environment, rows, figures, peers: notes, remarks });
  console.log(text);
  if (options.isWhole) writeFileSync(join(root, 'bench/RESULTS.md'), text);
  const failed = rows.some(({ peer, cell }) => isOurs(peer) && typeof cell === 'string') || setupFailed;
  if (failed) console.error('npm run bench: lvfs itself failed at something, see above');
  return failed ? 1 : 0;
}

const message = (error: unknown): string =>
  error instanceof Error ? error.message.trim().slice(-300) : String(error);

/** The daemon's part of a warm build's processor time. */
function daemonShares(rows: readonly Row[]): Figure[] {
  return rows.flatMap(({ peer, workload, title, cell }) => {
    const isBuild = workload === 'make' || workload === 'configure';
    if (!isBuild || peer !== subject || typeof cell === 'string' || cell.cpu === undefined) return [];
    const share = cell.cpu.daemonWarm;
    return {
      what: `daemon's part of the processor time: ${title}, warm`,
      value: `${(share * 100).toFixed(2)} %`,
      aim: '< 1 %',
      reached: share < 0.01,
    };
  });
}

/** Pages of files that were read again after the machine had dropped them, since it started. */
function pagesReadAgain(): number {
  return Number(/^workingset_refault_file (\d+)$/m.exec(readFileSync('/proc/vmstat', 'latin1'))?.[1] ?? 0);
}

function bigPaths(directory: string, entries: number): string[] {
  const parents: string[] = [];
  for (let at = directory; at !== '/'; at = join(at, '..')) parents.unshift(at);
  return [...parents, ...Array.from({ length: entries }, (_, i) => join(directory, `entry-${i}`))];
}

/**
 * What the view shows of the host, without the big listing and documentation: a mount for each file would be beyond the
 * kernel's limit of 100 000.
 */
function farmPaths(view: string, without: string): Buffer {
  const pruned = [without, 'usr/share/doc', 'usr/share/man', 'usr/share/locale'].flatMap((path) => [
    '-path',
    join(view, path),
    '-prune',
    '-o',
  ]);
  return spawnSync('find', [view, '-xdev', ...pruned, '-printf', '%P\\0'], { maxBuffer: 1 << 28 }).stdout;
}

/** Where things are, for all measurements. */
interface Place {
  /** What a chrooted workload works on. */
  readonly work: string;
  readonly mountpoint: string;
  /** A read-only bind mount of the root: native in a chroot. */
  readonly native: string;
  readonly requests: RequestCounter;
}

/** The same directories for every chrooted workload, so that only what is compared differs. Returns them, last first. */
function bindInside(work: string, at: string): string[] {
  const pairs: [string, string][] = [
    [work, join(at, workInside)],
    ['/dev', join(at, 'dev')],
    ['/proc', join(at, 'proc')],
  ];
  mkdirSync(work, { recursive: true });
  for (const [from, to] of pairs) {
    if (!existsSync(to)) mkdirSync(to);
    run('mount', ['--bind', from, to]);
  }
  return pairs.map(([, to]) => to).reverse();
}

/** Mounts a peer, with what a workload needs in it, for the time of `work`. */
async function withPeer<T>(
  peer: Peer,
  workload: Workload,
  { work: shared, mountpoint }: Place,
  work: (at: string, mounted: Mounted) => T,
): Promise<T> {
  const mounted = await peer.mount(mountpoint);
  let binds: string[] = [];
  const stop = watchdog(mounted.pids);
  try {
    const at = mounted.root ?? mountpoint;
    if (workload.chroot) binds = bindInside(shared, at);
    if (workload.pinned) {
      for (const pid of mounted.pids) run('taskset', ['-a', '-p', '-c', '0', String(pid)]);
    }
    return work(at, mounted);
  } finally {
    stop();
    for (const path of binds) unmountTree(path);
    await mounted.unmount();
  }
}

/**
 * Kills daemons that have not answered long after the client should have been killed: not even SIGKILL ends a process that
 * waits for an answer to a request that its daemon has taken. Returns how to call it off.
 */
function watchdog(pids: readonly number[]): () => void {
  if (pids.length === 0) return () => undefined;
  const script = `sleep ${watchdogSeconds}; kill -KILL "$@"`;
  const dog = spawn('sh', ['-c', script, 'sh', ...pids.map(String)], { detached: true, stdio: 'ignore' });
  return () => {
    try {
      if (dog.pid !== undefined) process.kill(-dog.pid, 'SIGKILL');
    } catch (error) {
      // It has done its work.
      if (errorCode(error) !== 'ESRCH') throw error;
    }
  };
}

interface Measured {
  readonly pass: Pass;
  readonly passes: number;
  /** Processor time of the peer's daemon meanwhile, in seconds. */
  readonly daemon: number;
  readonly requests: Requests | undefined;
}

/** A mount's first pass and its later ones. */
interface Visit {
  readonly cold: Measured;
  readonly warm: Measured;
}

/** What the same passes take natively. */
interface Native {
  readonly cold: Pass;
  readonly warm: Pass;
}

/** Interleaves runs of the peers with native ones. A peer that fails is asked no more; why is in its cell. */
async function measure(
  peers: readonly Peer[],
  workload: Workload,
  place: Place,
  runs: number,
): Promise<Map<Peer, Cell | string>> {
  const base = workload.chroot ? place.native : '/';
  // The first pass fills the host's own caches, the second tells how many there have to be.
  workload.pass(base, 1);
  const once = workload.pass(base, 1).seconds;
  const passes = Math.min(mostPasses, Math.max(1, Math.ceil(warmSeconds / once)));
  const native = (): Native => {
    const cold = workload.pass(base, 1);
    return { cold, warm: passes === 1 ? cold : workload.pass(base, passes) };
  };
  const visits = new Map(
    peers.map((peer) => [peer, [] as { visit: Visit; before: Native; after: Native }[]]),
  );
  const failed = new Map<Peer, string>();
  for (let i = 0; i < runs; i++) {
    let before = native();
    for (let first = 0; first < peers.length; first += peersPerNative) {
      const visited: [Peer, Visit][] = [];
      for (const peer of peers.slice(first, first + peersPerNative)) {
        if (failed.has(peer)) continue;
        try {
          visited.push([peer, await visitPeer(peer, workload, place, passes)]);
        } catch (error) {
          failed.set(peer, `failed: ${message(error)}`);
        }
      }
      const after = native();
      for (const [peer, visit] of visited) visits.get(peer)?.push({ visit, before, after });
      before = after;
    }
  }
  return new Map(
    peers.map((peer) => [peer, failed.get(peer) ?? cellOf(visits.get(peer) ?? [], workload.chroot)]),
  );
}

function visitPeer(peer: Peer, workload: Workload, place: Place, passes: number): Promise<Visit> {
  return withPeer(peer, workload, place, (at, { pids, connection }) => {
    const daemon = (): number => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
    const measured = (times: number): Measured => {
      const before = daemon();
      const { result, requests } = place.requests.during(connection, () => workload.pass(at, times));
      return { pass: result, passes: times, daemon: daemon() - before, requests };
    };
    return { cold: measured(1), warm: measured(passes) };
  });
}

function cellOf(runs: readonly { visit: Visit; before: Native; after: Native }[], isInChroot: boolean): Cell {
  type Of = (one: (typeof runs)[number]) => number;
  const middle = (of: Of): number => median(runs.map(of));
  const perItem = ({ seconds, count }: Pass): number => seconds / Math.max(1, count);
  const mean = (a: number, b: number): number => (a + b) / 2;
  const time =
    (key: keyof Visit & keyof Native): Of =>
    ({ visit, before, after }) =>
      perItem(visit[key].pass) / mean(perItem(before[key]), perItem(after[key]));
  const cpu =
    (key: keyof Visit & keyof Native): Of =>
    ({ visit, before, after }) =>
      (visit[key].pass.cpu + visit[key].daemon) / mean(before[key].cpu, after[key].cpu);
  const counts = runs.flatMap(({ visit: { cold, warm } }) => {
    if (cold.requests === undefined || warm.requests === undefined) return [];
    const each = (requests: number): number => Math.ceil(requests / warm.passes);
    return {
      cold: cold.requests.counted,
      warm: each(warm.requests.counted),
      ioctls: each(warm.requests.ioctls),
    };
  });
  return {
    cold: middle(time('cold')),
    warm: middle(time('warm')),
    native: middle(({ before, after }) => mean(before.cold.seconds, after.cold.seconds)),
    runs: runs.length,
    cpu: isInChroot
      ? {
          cold: middle(cpu('cold')),
          warm: middle(cpu('warm')),
          daemonWarm: middle(({ visit: { warm } }) => warm.daemon / (warm.pass.cpu + warm.daemon)),
        }
      : undefined,
    requests:
      counts.length === 0
        ? undefined
        : {
            cold: Math.round(median(counts.map(({ cold }) => cold))),
            warm: Math.min(...counts.map(({ warm }) => warm)),
            warmMost: Math.max(...counts.map(({ warm }) => warm)),
            ioctls: Math.round(median(counts.map(({ ioctls }) => ioctls))),
          },
  };
}

function describe(cell: Cell | string): string {
  if (typeof cell === 'string') return cell;
  const { cold, warm, native, requests, cpu } = cell;
  return [
    `cold ${cold.toFixed(2)}  warm ${warm.toFixed(2)}  native ${native.toFixed(4)} s`,
    requests === undefined ? '' : `  requests ${requests.cold} / ${requests.warm} to ${requests.warmMost}`,
    cpu === undefined ? '' : `  cpu ${cpu.cold.toFixed(3)} / ${cpu.warm.toFixed(3)}`,
  ].join('');
}

process.exitCode = await start(process.argv.slice(2));
