/**
 * `npm run bench [-- --quick] [--only NAME,…] [--peers NAME,…] [--runs N] [--no-setup]`: lvfs beside other ways to show a root.
 *
 * Everything happens in a private mount namespace and a scratch directory. Each peer is mounted anew for each run; a
 * cold pass is the first after the mount (the host's own caches are warm), a warm one the same again. Native
 * passes just before and after give the ratio. Requests are counted in a run of their own. The medians are
 * printed, and written to bench/RESULTS.md by a full run.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeDebianVdb } from '../examples/debianVdb.js';
import { allPeers, farms, run, type Mounted, type Peer } from './peers.js';
import { RequestCounter } from './requests.js';
import { median, resultsMarkdown, type Cell, type Row } from './results.js';
import { measureSetup } from './setup.js';
import {
  fullScale,
  prepareWorkloads,
  quickScale,
  workInside,
  type Pass,
  type Workload,
} from './workloads.js';

const root = join(import.meta.dirname, '../..');

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    peers: { type: 'string' },
    runs: { type: 'string' },
    'no-setup': { type: 'boolean', default: false },
  },
});

if (process.getuid?.() !== 0) {
  console.error('npm run bench: must be root, to mount what is compared');
  process.exit(1);
}
const scratchVariable = 'LVFS_BENCH_SCRATCH';
const scratch = process.env[scratchVariable] ?? mkdtempSync(join(tmpdir(), 'lvfs-bench-'));
process.exitCode = process.env[scratchVariable] === undefined ? inNamespace() : await main();

/**
 * Does it all in a private mount namespace. What was mounted is gone with it, so the scratch directory is removed here,
 * where nothing of the host is mounted below it.
 */
function inNamespace(): number {
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
  if (readFileSync('/proc/self/mountinfo', 'utf8').includes(scratch)) {
    console.error(`${scratch} is left behind: something is mounted below it`);
    return 1;
  }
  rmSync(scratch, { recursive: true, force: true });
  return again.status ?? 1;
}

async function main(): Promise<number> {
  const scale = values.quick ? quickScale : fullScale;
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
  const wanted = values.peers?.split(',');
  const isWanted = ({ name }: { name: string }): boolean => wanted === undefined || wanted.includes(name);
  const mountpoint = join(scratch, 'mnt');
  const native = join(scratch, 'native');
  mkdirSync(mountpoint);
  mkdirSync(native);
  run('mount', ['--bind', '/', native]);
  run('mount', ['-o', 'remount,bind,ro', native]);
  bindInside(native);

  const mounted = allPeers(lvfs, scratch);
  const exemplar = await (mounted[0] as Peer).mount(mountpoint);
  const workloads = prepareWorkloads(mountpoint, scratch, bigDirectory, scale).filter(
    ({ name }) => values.only === undefined || values.only.split(',').includes(name),
  );
  const farmList = join(scratch, 'farm-list');
  if (!values.quick) writeFileSync(farmList, farmPaths(mountpoint, bigDirectory.slice(1)));
  await exemplar.unmount();

  const notes: string[] = [];
  const available = (peer: Peer): boolean => {
    const reason = peer.unavailable();
    notes.push(`${peer.name}: ${reason === undefined ? peer.options : `not measured, ${reason}`}`);
    if (reason !== undefined) console.error(notes.at(-1));
    return reason === undefined;
  };
  const requests = new RequestCounter(join(scratch, 'trace'));
  const rows: Row[] = [];
  const setups = values['no-setup']
    ? []
    : measureSetup(
        lvfs.main,
        scratch,
        values.quick ? { packages: 50, entries: 20_000, visible: 30 } : {},
        values.quick ? 1 : 5,
      );
  const isWhole = !values.quick && values.only === undefined && values.peers === undefined;
  const environment = `Linux ${release()}, Node ${process.version}, ${cpus().length} CPUs (${cpus()[0]?.model.trim() ?? 'unknown'}), ${new Date().toISOString().slice(0, 10)}`;
  const results = (): string => resultsMarkdown(environment, rows, setups, notes);
  const measureAll = async (peers: readonly Peer[]): Promise<void> => {
    for (const workload of peers.length === 0 ? [] : workloads) {
      const runs = values.quick ? 1 : Math.min(Number(values.runs ?? 5), workload.runs);
      console.error(`${workload.name}: ${workload.title}`);
      // A quick run shows that all work; lvfs at everything, the others at one thing.
      const measured =
        values.quick && workload !== workloads[0] ? peers.filter(({ name }) => name === 'lvfs') : peers;
      const cells = await measure(measured, workload, mountpoint, native, runs, requests);
      for (const [peer, cell] of cells) {
        rows.push({ peer: peer.name, workload: workload.name, title: workload.title, cell });
        console.error(`${workload.name.padEnd(11)} ${peer.name.padEnd(15)} ${describe(cell)}`);
      }
      if (isWhole) writeFileSync(join(root, 'bench/RESULTS.md'), results());
    }
  };
  const failures = (): boolean => rows.some(({ peer, cell }) => peer === 'lvfs' && typeof cell === 'string');
  await measureAll(mounted.filter(isWanted).filter(available));
  // Last: tens of thousands of mounts make every later mount slower.
  const made = values.quick ? [] : farms(farmList, scratch).filter(isWanted).filter(available);
  await measureAll(made);
  for (const farm of made) {
    const { seconds = NaN, files = 0 } = farm.made() ?? {};
    setups.push({ what: `${farm.name} of ${files} files, made`, value: `${seconds.toFixed(2)} s`, aim: '' });
  }
  requests.close();

  const text = results();
  console.log(text);
  if (isWhole) writeFileSync(join(root, 'bench/RESULTS.md'), text);
  if (failures()) console.error('npm run bench: lvfs itself failed at something, see above');
  return failures() ? 1 : 0;
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

/** The same directories for every chrooted workload, so that only what is compared differs. Returns them, last first. */
function bindInside(at: string): string[] {
  const pairs: [string, string][] = [
    [join(scratch, 'work'), join(at, workInside)],
    ['/dev', join(at, 'dev')],
    ['/proc', join(at, 'proc')],
  ];
  mkdirSync(join(scratch, 'work'), { recursive: true });
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
  mountpoint: string,
  work: (at: string, mounted: Mounted) => T,
): Promise<T> {
  const mounted = await peer.mount(mountpoint);
  let binds: string[] = [];
  try {
    const at = mounted.root ?? mountpoint;
    if (workload.chroot) binds = bindInside(at);
    if (workload.pinned) {
      for (const pid of mounted.pids) run('taskset', ['-a', '-p', '-c', '0', String(pid)]);
    }
    return work(at, mounted);
  } finally {
    for (const path of binds) run('umount', [path]);
    await mounted.unmount();
  }
}

async function measure(
  peers: readonly Peer[],
  workload: Workload,
  mountpoint: string,
  native: string,
  runs: number,
  requests: RequestCounter,
): Promise<Map<Peer, Cell | string>> {
  const base = workload.chroot ? native : '/';
  const perItem = (pass: Pass): number => pass.seconds / Math.max(1, pass.count);
  const timed = new Map(peers.map((peer) => [peer, [] as { cold: number; warm: number; native: number }[]]));
  const failed = new Map<Peer, string>();
  const attempt = async (peer: Peer, work: () => Promise<void>): Promise<void> => {
    if (failed.has(peer)) return;
    try {
      await work();
    } catch (error) {
      failed.set(
        peer,
        `failed: ${error instanceof Error ? error.message.trim().slice(-200) : String(error)}`,
      );
    }
  };
  workload.pass(base);
  for (let i = 0; i < runs; i++) {
    let before = workload.pass(base);
    for (const peer of peers) {
      await attempt(peer, async () => {
        const [cold, warm] = await withPeer(peer, workload, mountpoint, (at) => [
          workload.pass(at),
          workload.pass(at),
        ]);
        const after = workload.pass(base);
        const reference = (perItem(before) + perItem(after)) / 2;
        timed.get(peer)?.push({
          cold: perItem(cold) / reference,
          warm: perItem(warm) / reference,
          native: (before.seconds + after.seconds) / 2,
        });
        before = after;
      });
    }
  }
  const cells = new Map<Peer, Cell | string>();
  for (const peer of peers) {
    const counts: [number, number][] = [];
    await attempt(peer, async () => {
      if (!requests.isAvailable) return;
      await withPeer(peer, workload, mountpoint, (at, { connection }) => {
        if (connection === undefined) return;
        const count = (): number => requests.during(connection, () => void workload.pass(at));
        counts.push([count(), count()]);
      });
    });
    const of = (key: 'cold' | 'warm' | 'native'): number =>
      median((timed.get(peer) ?? []).map((one) => one[key]));
    cells.set(
      peer,
      failed.get(peer) ?? {
        cold: of('cold'),
        warm: of('warm'),
        native: of('native'),
        runs,
        coldRequests: counts[0]?.[0],
        warmRequests: counts[0]?.[1],
      },
    );
  }
  return cells;
}

function describe(cell: Cell | string): string {
  if (typeof cell === 'string') return cell;
  const requests =
    cell.coldRequests === undefined ? '' : `  requests ${cell.coldRequests} / ${cell.warmRequests}`;
  return `cold ${cell.cold.toFixed(2)}  warm ${cell.warm.toFixed(2)}  native ${cell.native.toFixed(4)} s${requests}`;
}
