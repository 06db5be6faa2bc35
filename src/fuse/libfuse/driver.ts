/**
 * The driver over libfuse 2, through the npm package `fuse-native`: for systems whose kernel interface is another one,
 * and for users who may mount by `fusermount` only. What it cannot do is in its capabilities.
 *
 *     kernel ── libfuse's threads ── fuse-native's event loop ══ pipes ══ the thread that serves
 *               └────────── a process of its own ───────────┘             └── this process ──┘
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Socket } from 'node:net';
import {
  errorCode,
  LvfsError,
  isAbsent,
  oneLine,
  isAutomounting,
  processStat,
  readMountTable,
  runProgram,
  runSync,
  utilityEnvironment,
} from '../../base/index.js';
import { Activity } from '../activity.js';
import { deviceProblem } from '../device.js';
import type { Connection, Driver, LibfuseEndpoint, MountOptions, ServeOptions } from '../driver.js';
import { readBridgeStatus } from './frames.js';
import { servePaths } from './server.js';
import { resolveMountpoint, unmountFailed } from '../mountPoint.js';
import type { Operations, Seconds } from '../operations.js';
import type { ServeResult } from '../server.js';

/**
 * How long the kernel believes names, missing names and attributes. Nothing can be taken back through fuse-native, so
 * this is also how long a change may take to be seen.
 */
const validity: Seconds = 1;

/** fuse-native copies mount point and options into this many bytes, with a NUL. */
const longestArgument = 1023;

/** The mount of an unprivileged user is taken away by these; libfuse 3 brings the second. */
const userUnmounters = ['fusermount', 'fusermount3'] as const;

const installLibrary = 'install libfuse 2 (Debian: libfuse2, Gentoo: sys-fs/fuse:0)';
const installModule =
  'npm install --include=optional fuse-native (where lvfs is installed; on Gentoo USE=libfuse)';

/** Whether the npm package is there; its library may still be missing. Loads nothing. */
function isLibfuseInstalled(): boolean {
  try {
    createRequire(import.meta.url).resolve('fuse-native/package.json');
    return true;
  } catch (error) {
    if (errorCode(error) === 'MODULE_NOT_FOUND') return false;
    throw error;
  }
}

/** Two pipes as (end here, end there) pairs of descriptors that block. */
interface Pipes {
  readonly requestFd: number;
  readonly replyFd: number;
  readonly theirRequestFd: number;
  readonly theirReplyFd: number;
}

/** Node makes no pipes that block, so these begin as named ones. */
function makePipes(): Pipes {
  const directory = mkdtempSync(join(tmpdir(), 'lvfs-pipes-'));
  const opened: number[] = [];
  const open = (path: string, flags: number): number => {
    const fd = openSync(path, flags);
    opened.push(fd);
    return fd;
  };
  try {
    const pipe = (name: string): [read: number, write: number] => {
      const path = join(directory, name);
      const { code, error, stderr } = runSync('mkfifo', ['-m', '600', path]);
      if (code !== 0) throw error ?? new Error(oneLine(stderr));
      // Opening one end waits for the other, unless both are opened at once.
      const both = openSync(path, constants.O_RDWR);
      const ends: [number, number] = [open(path, constants.O_RDONLY), open(path, constants.O_WRONLY)];
      closeSync(both);
      return ends;
    };
    const [requestFd, theirRequestFd] = pipe('requests');
    const [theirReplyFd, replyFd] = pipe('replies');
    return { requestFd, replyFd, theirRequestFd, theirReplyFd };
  } catch (error) {
    for (const fd of opened) closeSync(fd);
    throw mountFailed('cannot make pipes', undefined, error);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function mountFailed(message: string, hint?: string, cause?: unknown): LvfsError {
  return new LvfsError('MOUNT_FAILED', message, {
    hint,
    cause,
  });
}

/** A value within libfuse's `-o`, where commas and backslashes have to be escaped. */
function escapeOption(value: string): string {
  return value.replace(/[\\,]/g, '\\$&');
}

function libfuseOptions(options: MountOptions, mountpoint: string): string {
  const isRoot = process.getuid?.() === 0;
  const { subtype, source = subtype, allowOther = isRoot, protocol = {} } = options;
  const fixed = [
    'ro',
    'nosuid',
    'nodev',
    'default_permissions',
    ...(allowOther ? ['allow_other'] : []),
    // Whether the directory may have something in it is not the driver's to say; fusermount 3 does not know the option.
    ...(isRoot ? ['nonempty'] : []),
    'use_ino',
    // Pages are kept while size and modification time stay the same; `kernel_cache` would keep them regardless.
    'auto_cache',
    `entry_timeout=${validity}`,
    `negative_timeout=${validity}`,
    `attr_timeout=${validity}`,
    `max_read=${Math.min(protocol.maxReadBytes ?? 1 << 17, 1 << 17)}`,
    `subtype=${escapeOption(subtype)}`,
  ].join(',');
  const room = longestArgument - Buffer.byteLength(`-o${fixed},fsname=`);
  if (Buffer.byteLength(mountpoint) > longestArgument || room < 1) {
    throw new LvfsError(
      'MOUNT_POINT',
      `cannot mount on ${mountpoint}: libfuse takes ${longestArgument} bytes`,
    );
  }
  let shown = source;
  while (Buffer.byteLength(escapeOption(shown)) > room) shown = shown.slice(0, -1);
  return `${fixed},fsname=${escapeOption(shown)}`;
}

interface Bridge {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
}

function isOfAutomounter(): boolean {
  return isAutomounting(readMountTable(), processStat('self')?.group);
}

/** Starts the process that speaks with libfuse; it has mounted when this resolves. */
async function startBridge(mountpoint: string, options: string, pipes: Pipes): Promise<Bridge> {
  const program = fileURLToPath(new URL('./libfuseBridge.js', import.meta.url));
  const child = spawn(process.execPath, [program, mountpoint, options], {
    stdio: ['pipe', 'pipe', 'pipe', pipes.theirRequestFd, pipes.theirReplyFd],
    env: utilityEnvironment(),
    cwd: '/',
    // The terminal's signals are for the daemon, which unmounts in order. An automounter has no terminal, and nobody but its group may look
    // at the place.
    detached: !isOfAutomounter(),
  });
  let answer = '';
  let complaint = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (answer += text));
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  const failedToStart = new Promise<Error>((done) => child.on('error', done));
  const ended = new Promise<void>((done) => child.on('exit', () => done()));
  const closed = new Promise<void>((done) => child.on('close', () => done()));
  const answered = new Promise<void>((done) =>
    child.stdout!.on('data', () => {
      if (answer.includes('\n')) done();
    }),
  );
  const problem = await Promise.race([failedToStart, answered, closed]);
  if (problem instanceof Error) throw mountFailed('cannot run node', undefined, problem);
  const status = readBridgeStatus(answer);
  if (status?.mounted === true) {
    // It is the daemon's own business when to end; it is not kept alive by this process.
    child.unref();
    for (const stream of [child.stdin, child.stdout, child.stderr]) {
      if (stream instanceof Socket) stream.unref();
    }
    child.stdin!.on('error', () => undefined);
    return { child, ended };
  }
  await closed;
  if (status?.failed === 'load') throw loadFailure(status.message);
  const said = oneLine(complaint);
  if (/device not found|No such device|modprobe/.test(said)) {
    throw new LvfsError('FUSE_UNAVAILABLE', `libfuse: ${said}`, {
      hint: 'load the module (modprobe fuse), or build the kernel with CONFIG_FUSE_FS',
    });
  }
  if (said === '' && process.getuid?.() !== 0) throw refusalOfFusermount(mountpoint);
  throw mountFailed(`libfuse: ${said === '' ? (status?.message ?? 'ended without a word') : said}`);
}

/**
 * Why fusermount(1) does not mount for this user. What it told libfuse is lost: Node closes its standard error for programs
 * that it has not started itself. So it is asked again. If it mounts now, nobody takes the device that it hands over,
 * and the dead mount is taken away.
 */
function refusalOfFusermount(mountpoint: string): LvfsError {
  // It hands the device over through a socket, and that is what an additional pipe of Node is.
  const env = { ...utilityEnvironment(), _FUSE_COMMFD: '3' };
  const ask = (args: readonly string[]) =>
    runSync('fusermount', [...args, '--', mountpoint], { env, inherited: ['pipe'] });
  const { error, code, stderr } = ask(['-o', 'ro,nosuid,nodev,default_permissions']);
  if (error !== undefined)
    return mountFailed(
      'fusermount is not installed',
      'install fuse (Debian: fuse3, Gentoo: sys-fs/fuse:0)',
      error,
    );
  if (code === 0) ask(['-u', '-z']);
  const said = oneLine(stderr);
  const hint = /write access/.test(said)
    ? 'choose a directory of your own'
    : "'lvfs doctor' says what an ordinary user needs";
  return mountFailed(said === '' ? 'fusermount: refused without a word' : said, hint);
}

/** What is missing, from the message with which loading failed. */
function loadFailure(message: string): LvfsError {
  const firstLine = message.split('\n')[0] ?? '';
  const library = /^(\S*libfuse\S*): cannot open shared object/.exec(firstLine)?.[1];
  const [what, hint] =
    library !== undefined
      ? [`the library ${library} is not installed`, installLibrary]
      : /Cannot find module/.test(firstLine)
        ? ['the npm package fuse-native is not installed', `${installModule} and ${installLibrary}`]
        : [`fuse-native cannot be loaded: ${firstLine}`, `${installLibrary}; npm rebuild fuse-native`];
  return new LvfsError('FUSE_UNAVAILABLE', `the libfuse driver cannot be used: ${what}`, { hint });
}

class LibfuseConnection implements Connection {
  readonly notifier = undefined;
  #closed = false;

  constructor(
    readonly mountpoint: string,
    readonly endpoint: LibfuseEndpoint,
    readonly activity: Activity,
    private readonly bridge: Bridge,
    /** `major:minor` of the mounted filesystem; undefined where the mount table cannot be read. */
    private readonly device: string | undefined,
  ) {}

  isMounted(): boolean {
    if (this.device === undefined) return this.bridge.child.exitCode === null;
    return readMountTable().some(
      (mount) => mount.device === this.device && mount.mountpoint === this.mountpoint,
    );
  }

  async unmount({ lazy = false }: { lazy?: boolean } = {}): Promise<void> {
    if (!this.isMounted()) return;
    const isRoot = process.getuid?.() === 0;
    const attempts: [string, string[]][] = isRoot
      ? [['umount', ['-i', '-c', ...(lazy ? ['-l'] : []), this.mountpoint]]]
      : userUnmounters.map((program) => [program, ['-u', ...(lazy ? ['-z'] : []), this.mountpoint]]);
    let message = '';
    for (const [program, args] of attempts) {
      const { code, stderr, error } = await runProgram(program, args);
      if (error !== undefined) {
        if (!isAbsent(error)) throw error;
        message ||= `${program}: not installed`;
        continue;
      }
      message = oneLine(stderr);
      if (code === 0 || !this.isMounted()) {
        // A lazily detached mount lives on until nobody uses it.
        if (!lazy) this.#end();
        return;
      }
    }
    throw unmountFailed(this.mountpoint, message);
  }

  abort(): void {
    // The kernel aborts a connection whose last descriptor is closed.
    this.bridge.child.kill('SIGKILL');
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#end();
    closeSync(this.endpoint.requestFd);
    closeSync(this.endpoint.replyFd);
  }

  #end(): void {
    this.bridge.child.stdin?.destroy();
  }
}

async function mount(options: MountOptions): Promise<LibfuseConnection> {
  const type = `fuse.${options.subtype}`;
  const mountpoint = resolveMountpoint(options.mountpoint, type);
  const settings = libfuseOptions(options, mountpoint);
  if (!isLibfuseInstalled()) throw loadFailure('Cannot find module');
  const pipes = makePipes();
  let bridge: Bridge;
  try {
    bridge = await startBridge(mountpoint, settings, pipes);
  } catch (error) {
    closeSync(pipes.requestFd);
    closeSync(pipes.replyFd);
    throw error;
  } finally {
    // Only when they are open nowhere else does each side see the end of the other.
    closeSync(pipes.theirRequestFd);
    closeSync(pipes.theirReplyFd);
  }
  const activity = Activity.create(1);
  const endpoint: LibfuseEndpoint = {
    driver: 'libfuse',
    shared: activity.buffer,
    protocol: options.protocol ?? {},
    requestFd: pipes.requestFd,
    replyFd: pipes.replyFd,
  };
  return new LibfuseConnection(mountpoint, endpoint, activity, bridge, mountedDevice(mountpoint, type));
}

function mountedDevice(mountpoint: string, type: string): string | undefined {
  try {
    return readMountTable().findLast((one) => one.mountpoint === mountpoint && one.type === type)?.device;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function probe(): LvfsError | undefined {
  // libfuse 2 opens it before it leaves the mount to fusermount.
  return (process.platform === 'linux' ? deviceProblem() : undefined) ?? libfuseProblem();
}

/**
 * Why fuse-native or its library cannot be loaded, with what to install; undefined when they can. Tried in a process of its own,
 * which it might take along.
 */
export function libfuseProblem(): LvfsError | undefined {
  if (!isLibfuseInstalled()) return loadFailure('Cannot find module');
  const script = `const { createRequire } = require('node:module');
    const manifest = createRequire(process.argv[1]).resolve('fuse-native/package.json');
    createRequire(manifest)('node-gyp-build')(require('node:path').dirname(manifest));`;
  const asked = runSync(process.execPath, ['-e', script, fileURLToPath(import.meta.url)]);
  if (asked.error !== undefined) return mountFailed('cannot run node', undefined, asked.error);
  if (asked.code === 0) return undefined;
  return loadFailure(/^Error: (.*)$/m.exec(asked.stderr)?.[1] ?? asked.stderr.trim());
}

/** libfuse 2 through fuse-native; also for users without rights, by fusermount. */
export const libfuseDriver: Driver = {
  name: 'libfuse',
  capabilities: {
    exactNanoseconds: false,
    inodeNumbers: false,
    invalidation: false,
    staleSeconds: validity,
    perEntryValidity: false,
    negativeCaching: true,
    byteNames: false,
    extendedAttributes: false,
    callers: false,
    maxThreads: 1,
  },
  probe,
  mount,
};

/** Serves a connection of {@link libfuseDriver} in this thread until it ends. */
export function serveLibfuse(
  endpoint: LibfuseEndpoint,
  operations: Operations,
  options: ServeOptions,
): ServeResult {
  return servePaths(operations, {
    ...options,
    requestFd: endpoint.requestFd,
    replyFd: endpoint.replyFd,
    activity: new Activity(endpoint.shared),
    validity,
  });
}
