/**
 * What is compared: ways to show the host's root at another place, each with its best caching options. Everything is
 * mounted in the benchmark's private mount namespace, so nothing can be left behind.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** A mounted peer. */
export interface Mounted {
  /** Where it shows the host's root; the mount point when it is not said. */
  readonly root?: string;
  /** Processes that serve it; empty for what the kernel does alone. */
  readonly pids: readonly number[];
  /** Minor of the device: the FUSE connection whose requests are counted; undefined without FUSE. */
  readonly connection: number | undefined;
  unmount(): Promise<void>;
}

/** One way to show a tree. */
export interface Peer {
  readonly name: string;
  /** The options used, for the table's notes. */
  readonly options: string;
  /** Another FUSE filesystem, which lvfs is to be ahead of. */
  readonly isRival: boolean;
  /** Whether it has its place in the tables of a kind of workload; default all. */
  readonly takesPart?: (workload: { readonly name: string; readonly chroot: boolean }) => boolean;
  /** Why it cannot run here, or undefined. */
  unavailable(): string | undefined;
  /** Mounts it; what stays mounted from one call to the next says so in its options. */
  mount(mountpoint: string): Promise<Mounted>;
}

/** A command that takes longer waits for a daemon that hangs. */
const commandDeadlineMs = 150_000;

/** Runs a command to its end; its standard output. Throws with the command's own message when it fails. */
export function run(command: string, args: readonly string[], input?: string): string {
  const result = spawnSync(command, args, {
    encoding: 'utf8',
    input,
    maxBuffer: 1 << 28,
    timeout: commandDeadlineMs,
    killSignal: 'SIGKILL',
  });
  if (result.error !== undefined) throw result.error;
  if (result.status !== 0) {
    // Where that was is of no interest to who reads the results.
    const ended = `${basename(command)} ended with ${result.signal ?? `status ${result.status}`}`;
    throw new Error(result.stderr.trim() || ended);
  }
  return result.stdout;
}

const has = (command: string): boolean => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;

async function until(what: string, condition: () => boolean): Promise<void> {
  const end = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`${what}: not within 20 s`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Minor of the filesystem's anonymous device, as /proc/self/mountinfo shows it; undefined when nothing is mounted there. */
function mountOf(mountpoint: string): { minor: number; type: string } | undefined {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const line = lines.findLast((candidate) => candidate.split(' ')[4] === mountpoint);
  const fields = line?.split(' ');
  if (fields === undefined) return undefined;
  return { minor: Number(fields[2]?.split(':')[1]), type: fields[fields.indexOf('-') + 1] ?? '' };
}

/** Takes a mount away, also when a process that hangs still uses it. */
export function unmountTree(mountpoint: string): void {
  if (spawnSync('umount', [mountpoint], { stdio: 'ignore', timeout: 10_000 }).status !== 0) {
    run('umount', ['--lazy', mountpoint]);
  }
}

/** A peer that the kernel serves alone. */
function kernelPeer(name: string, options: string, mount: (mountpoint: string) => void): Peer {
  return {
    name,
    options,
    isRival: false,
    unavailable: () => undefined,
    mount(mountpoint) {
      mount(mountpoint);
      const unmount = () => Promise.resolve(unmountTree(mountpoint));
      return Promise.resolve({ pids: [], connection: undefined, unmount });
    },
  };
}

/** How a daemon is started. */
interface StartedBy {
  readonly command: string;
  readonly args: readonly string[];
  /** It prints a line when it has done all that belongs to mounting, which is some time after the mount is there. */
  readonly announces?: boolean;
}

/** A peer with a daemon that stays in the foreground. */
function daemonPeer(
  name: string,
  options: string,
  unavailable: () => string | undefined,
  start: (mountpoint: string) => StartedBy,
): Peer {
  return {
    name,
    options,
    isRival: !name.startsWith('lvfs'),
    unavailable,
    async mount(mountpoint) {
      const before = mountOf(mountpoint);
      const { command, args, announces = false } = start(mountpoint);
      const daemon: ChildProcess = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
      let said = '';
      let announced = !announces;
      daemon.stdout?.on('data', () => (announced = true));
      daemon.stderr?.on('data', (data: Buffer) => (said += data.toString()));
      const ended = new Promise<void>((resolve) => daemon.once('exit', () => resolve()));
      const end = async (): Promise<void> => {
        // Not every daemon notices that its mount is gone.
        const impatience = setTimeout(() => daemon.kill('SIGKILL'), 500);
        if (daemon.exitCode === null && daemon.signalCode === null) await ended;
        clearTimeout(impatience);
      };
      try {
        await until(`${name} on ${mountpoint}`, () => {
          if (daemon.exitCode !== null) throw new Error(`${name} ended: ${said.trim()}`);
          return mountOf(mountpoint)?.minor !== before?.minor && announced;
        });
        // By another process: a daemon that does not answer must not stop this one.
        run('stat', [join(mountpoint, 'usr')]);
      } catch (error) {
        daemon.kill('SIGKILL');
        if (mountOf(mountpoint)?.minor !== before?.minor) unmountTree(mountpoint);
        await end();
        throw error;
      }
      return {
        pids: daemon.pid === undefined ? [] : [daemon.pid, ...childrenOf(daemon.pid)],
        connection: mountOf(mountpoint)?.minor,
        async unmount() {
          unmountTree(mountpoint);
          await end();
        },
      };
    },
  };
}

/** Processes that a daemon has started, as that which speaks with libfuse for lvfs; proc_pid_tid_children(5). */
function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`)
    .flatMap((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1').split(' '))
    .filter((child) => child !== '')
    .map(Number);
}

const needs = (command: string, debian: string) => () =>
  has(command) ? undefined : `${command} is not installed (Debian: ${debian})`;

/** What lvfs needs to make the view that is measured. */
export interface LvfsTarget {
  /** The built command. */
  main: string;
  target: string;
  options: readonly string[];
}

/** `--no-binds`, where the command knows it: what is bound over a view is not the view's. */
function noBinds(main: string): string[] {
  const help = run(process.execPath, [main, 'mount', '--help']);
  return help.includes('--no-binds') ? ['--no-binds'] : [];
}

/** Files shown one by one; made once, as that takes longer than what is measured on it. */
export interface Farm extends Peer {
  /** What making it took, once it is made. */
  readonly made: () => { seconds: number; files: number } | undefined;
}

/** A farm of bind mounts and one of hard links, of the paths in `list` (each ended by NUL, relative to the root). */
export function farms(list: string, scratch: string): Farm[] {
  const program = join(import.meta.dirname, '../../bench/farm.py');
  const farm = (name: string, how: 'bind' | 'link', options: string): Farm => {
    const root = join(scratch, `farm-${how}`);
    let made: { seconds: number; files: number } | undefined;
    return {
      name,
      options,
      isRival: false,
      // Made without the big listing, and without documentation, where many of the links are.
      takesPart: (workload) => !['listing', 'readlink'].includes(workload.name),
      unavailable: () => undefined,
      made: () => made,
      mount() {
        made ??= JSON.parse(run('/usr/bin/python3', [program, how, root, list])) as typeof made;
        return Promise.resolve({
          root,
          pids: [],
          connection: undefined,
          unmount: () => Promise.resolve(),
        });
      },
    };
  };
  return [
    farm(
      'bind farm',
      'bind',
      'a bind mount for each file (without documentation, for the limit of 100 000 mounts), directories and links made anew on a tmpfs; made once',
    ),
    farm(
      'hard-link farm',
      'link',
      'a hard link for each file; made once; on the filesystem of the root only',
    ),
  ];
}

/** The names that {@link allPeers} and {@link farms} give. */
export const peerNames = [
  'lvfs',
  'lvfs libfuse',
  'bind',
  'overlayfs',
  'bindfs',
  'fuse-overlayfs',
  'mergerfs',
  'unionfs-fuse',
  'fuse-native',
  'bind farm',
  'hard-link farm',
] as const;

/**
 * All peers with a mount of their own, lvfs first. `source` shows the root without what is mounted in it: a daemon that looks its own mount
 * up waits for itself. `scratch` is a directory for what a peer needs beside its mount point.
 */
export function allPeers(lvfs: LvfsTarget, source: string, scratch: string): Peer[] {
  const day = '86400';
  const outside: Peer['takesPart'] = ({ chroot }) => !chroot;
  const lvfsPeer = (
    name: string,
    options: string,
    unavailable: Peer['unavailable'],
    more: readonly string[],
  ) =>
    daemonPeer(name, options, unavailable, (mountpoint) => ({
      command: process.execPath,
      args: [
        lvfs.main,
        'mount',
        '--foreground',
        ...more,
        ...noBinds(lvfs.main),
        ...lvfs.options,
        lvfs.target,
        mountpoint,
      ],
      announces: true,
    }));
  const bindfs = `entry_timeout=${day},attr_timeout=${day},negative_timeout=${day},kernel_cache`;
  const fuseOverlay = `lowerdir=${source},timeout=${day},threaded=0`;
  const mergerfs = `ro,func.getattr=ff,cache.files=full,cache.attr=${day},cache.entry=${day},cache.negative_entry=${day},cache.readdir=true,cache.symlinks=true`;
  const unionfs = `ro,kernel_cache,entry_timeout=${day},attr_timeout=${day},negative_timeout=${day}`;
  return [
    lvfsPeer('lvfs', 'as it is', () => undefined, []),
    lvfsPeer('lvfs libfuse', '--driver libfuse; names and attributes valid for 1 s', fuseNativeMissing, [
      '--driver',
      'libfuse',
    ]),
    {
      // In a chroot it is what the others are compared with.
      ...kernelPeer('bind', 'read-only bind mount', (mountpoint) => {
        run('mount', ['--bind', source, mountpoint]);
        run('mount', ['-o', 'remount,bind,ro', mountpoint]);
      }),
      takesPart: outside,
    },
    kernelPeer('overlayfs', 'two lower directories, no upper', (mountpoint) => {
      const empty = join(scratch, 'empty');
      // A layer must not lie inside another one, so the empty one is a filesystem of its own.
      if (!existsSync(empty)) {
        mkdirSync(empty);
        run('mount', ['-t', 'tmpfs', 'tmpfs', empty]);
      }
      run('mount', ['-t', 'overlay', '-o', `ro,lowerdir=${empty}:${source}`, 'overlay', mountpoint]);
    }),
    daemonPeer('bindfs', bindfs, needs('bindfs', 'bindfs'), (mountpoint) => ({
      command: 'bindfs',
      args: ['-f', '-r', '-o', bindfs, source, mountpoint],
    })),
    daemonPeer(
      'fuse-overlayfs',
      fuseOverlay.replace(source, '/'),
      needs('fuse-overlayfs', 'fuse-overlayfs'),
      (mountpoint) => ({
        command: 'fuse-overlayfs',
        args: ['-f', '-o', fuseOverlay, mountpoint],
      }),
    ),
    daemonPeer('mergerfs', mergerfs, needs('mergerfs', 'mergerfs'), (mountpoint) => ({
      command: 'mergerfs',
      args: ['-f', '-o', mergerfs, source, mountpoint],
    })),
    daemonPeer('unionfs-fuse', unionfs, needs('unionfs', 'unionfs-fuse'), (mountpoint) => ({
      command: 'unionfs',
      args: ['-f', '-o', unionfs, `${source}=RO`, mountpoint],
    })),
    daemonPeer(
      'fuse-native',
      'passthrough, all timeouts a day, kernel_cache',
      () => fuseNativeMissing(),
      (mountpoint) => ({
        command: process.execPath,
        args: [join(import.meta.dirname, 'fuseNativePassthrough.js'), source, mountpoint],
      }),
    ),
  ];
}

function fuseNativeMissing(): string | undefined {
  const probe = spawnSync(process.execPath, ['-e', "require('fuse-native')"], { cwd: import.meta.dirname });
  return probe.status === 0 ? undefined : 'the npm package fuse-native cannot be loaded (it needs libfuse 2)';
}
