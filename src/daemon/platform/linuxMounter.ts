/**
 * The mounter of Linux: system calls, but for what umount(8) of util-linux keeps a list of, and fusermount(1) for an ordinary user's
 * mounts.
 *
 * The view is made private first, and every bind is private, so that neither what is mounted over it nor its end is seen in other
 * mount namespaces.
 */
import { closeSync, constants, existsSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import {
  describeError,
  errno,
  findUtility,
  ifSeen,
  isWithin,
  LvfsError,
  parseMountTable,
  processFile,
  processIds,
  processLink,
  readMountTable,
  runProgram,
  unlessEnded,
  type Errno,
  describeErrno,
} from '../../base/index.js';
import { MountCalls, mountFlag, openFlag, systemProblem, unmountFlag } from '../../system/index.js';
import type { Obstacle } from './health.js';
import { deviceObstacles, inUserNamespace, linuxNamespaces } from './linuxNamespaces.js';
import {
  filesystemType,
  type Bind,
  type CoverOptions,
  type Holder,
  type Waiter,
  type Mounter,
  type UnmountResult,
} from './mounter.js';
import { checkUtilLinux } from './utilLinux.js';

async function cover(view: string, binds: readonly Bind[], { hostProc }: CoverOptions): Promise<void> {
  const covering = new Covering(view, hostProc);
  try {
    await covering.all(binds);
  } catch (error) {
    const path = errorPath(error);
    throw path === undefined ? error : bindFailed(path, describeError(error));
  } finally {
    await covering.close();
  }
}

function bindFailed(path: string, cause: string): LvfsError {
  return new LvfsError('BIND_FAILED', `${path}: cannot be mounted`, { cause });
}

/**
 * What covers one view. Paths in the view are opened by calls that this thread does not wait in, and mounted on by their descriptors: were
 * the thread that serves the view to die meanwhile, this one has to end the connection.
 */
class Covering {
  readonly #view: string;
  readonly #hostProc: boolean;
  readonly #calls = mountCalls();
  /**
   * In a user namespace what is mounted below a source is taken along: the kernel refuses to show what lies under mounts that it has
   * locked together (mount_namespaces(7)).
   */
  readonly #below = inUserNamespace() ? mountFlag.recursive : 0;
  readonly #databases = new Map<Bind, FileHandle>();

  constructor(view: string, hostProc: boolean) {
    this.#view = view;
    this.#hostProc = hostProc;
  }

  async all(binds: readonly Bind[]): Promise<void> {
    const code = this.#calls.mount('none', this.#view, '', mountFlag.private);
    if (code !== 0) throw bindFailed(this.#view, describeErrno(code));
    // A mount over a package database hides the view's own, so that is opened before, and bound by its descriptor: a mount that is
    // moved, or kept at another place meanwhile, would be seen where that place's mounts are shared, and cannot be moved away from there.
    for (const one of binds)
      if (one.kind === 'database') this.#databases.set(one, await openPath(this.#view + one.target));
    const inMemory: string[] = [];
    for (const one of binds) {
      const { target } = one;
      if (inMemory.some((directory) => isWithin(target, directory)))
        await mkdir(this.#view + target, { recursive: true });
      if (one.kind === 'memory') inMemory.push(target);
      await this.#one(one);
    }
  }

  async close(): Promise<void> {
    for (const database of this.#databases.values()) await database.close();
  }

  async #one(one: Bind): Promise<void> {
    const { kind, target, source = '' } = one;
    const { bind, noSetuid, noDevices } = mountFlag;
    switch (kind) {
      case 'proc':
        if (this.#hostProc)
          await this.#mount(one, (at) => this.#calls.mount('/proc', at, '', bind | this.#below));
        return;
      case 'memory': {
        const mode = /(^|\/)tmp$/.test(target) ? 'mode=1777' : 'mode=755';
        const flags = noSetuid | noDevices;
        await this.#mount(one, (at) => this.#calls.mount('lvfs', at, 'tmpfs', flags, mode));
        return;
      }
      case 'database': {
        const opened = this.#databases.get(one);
        await this.#mount(one, (at) => this.#calls.mount(placeOf(opened), at, '', bind));
        return;
      }
      case 'bind': {
        const below = one.readOnly === true ? 0 : this.#below;
        await this.#mount(one, (at) => this.#calls.mount(source, at, '', bind | below));
      }
    }
  }

  /** Mounts something at its target, and makes it private and, if it is to be, read-only. */
  async #mount(one: Bind, mount: (at: string) => Errno): Promise<void> {
    const path = this.#view + one.target;
    const { bind, private: apart, readOnly, remount } = mountFlag;
    const isDone = await onPath(path, (at) => {
      const code = mount(at);
      // What was found may be gone when its turn comes.
      if (code !== 0 && one.found !== true) throw bindFailed(path, reasonOf(code, one.source));
      return code === 0;
    });
    if (!isDone) return;
    // The path leads to what is mounted there.
    await onPath(path, (at) => {
      let code = this.#calls.mount('none', at, '', apart | this.#below);
      if (code === 0 && one.readOnly === true)
        code = this.#calls.mount('none', at, '', readOnly | remount | bind);
      if (code !== 0) throw bindFailed(path, describeErrno(code));
    });
  }
}

/** Opens a path for nothing but to name what is there now. */
function openPath(path: string): Promise<FileHandle> {
  return open(path, openFlag.path | constants.O_NOFOLLOW);
}

/** The name of what is open. */
function placeOf(opened: FileHandle | undefined): string {
  return `/proc/self/fd/${opened?.fd}`;
}

async function onPath<T>(path: string, use: (at: string) => T): Promise<T> {
  await using opened = await openPath(path);
  return use(placeOf(opened));
}

/** @throws LvfsError SYSTEM_CALLS */
function mountCalls(): MountCalls {
  const calls = MountCalls.open();
  if (calls === undefined) throw systemProblem() ?? new Error('system calls cannot be made');
  return calls;
}

/** Why something cannot be mounted: the errno of a source that is missing is that of a missing target. */
function reasonOf(code: Errno, source: string | undefined): string {
  const isMissing = code === errno.ENOENT && source !== undefined && !existsSync(source);
  return isMissing ? `${source} does not exist` : describeErrno(code);
}

/** The path that an error of `fs` is about. */
function errorPath(error: unknown): string | undefined {
  return error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : undefined;
}

/** Where libmount keeps what the kernel's list of mounts has no place for, such as the helper that unmounts. */
const utab = '/run/mount/utab';

/** Whether umount(8) has more to do than to unmount. */
function isListed(mountpoint: string): boolean {
  const text = ifSeen(() => readFileSync(utab, 'utf8')) ?? '';
  return text.includes(`TARGET=${tableWord(mountpoint)} `);
}

/** A path as fstab(5) and its like have it. */
function tableWord(path: string): string {
  return path.replace(/[ \t\n\\]/g, (byte) => `\\${byte.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

async function unmount(mountpoint: string, lazy: boolean): Promise<UnmountResult> {
  const isRoot = process.getuid?.() === 0;
  const calls = isRoot ? MountCalls.open() : undefined;
  if (calls !== undefined && !isListed(mountpoint)) return unmountByCall(calls, mountpoint, lazy);
  // umount(8) takes only root's word; an ordinary user's mount was made by fusermount.
  return isRoot
    ? // -l is MNT_DETACH, -f MNT_FORCE.
      unmountByTool(mountpoint, 'umount', ['-i', '-c', ...(lazy ? ['-l', '-f'] : [])])
    : unmountByTool(mountpoint, 'fusermount', ['-u', ...(lazy ? ['-z'] : [])]);
}

function unmountByCall(calls: MountCalls, mountpoint: string, lazy: boolean): UnmountResult {
  const { force, detach, noFollow } = unmountFlag;
  // With force the connection ends with it.
  const code = calls.unmount(mountpoint, noFollow | (lazy ? force | detach : 0));
  // Somebody else was quicker.
  if (code === 0 || (code === errno.EINVAL && !isViewMounted(mountpoint))) return { done: true };
  return { done: false, busy: code === errno.EBUSY, message: describeErrno(code) };
}

/** So say umount, and fusermount before and after it has looked into the mount table. */
const notMounted = /not mounted|no mount point|entry for .* not found|Invalid argument/;

async function unmountByTool(
  mountpoint: string,
  program: string,
  options: readonly string[],
): Promise<UnmountResult> {
  const { code, stderr } = await runTool(program, [...options, '--', mountpoint]);
  if (code === 0) return { done: true };
  const message = stderr.trim().replace(/\s*\n\s*/g, ' ') || `${program} ended with status ${code}`;
  // Somebody else was quicker.
  if (notMounted.test(message) && !isViewMounted(mountpoint)) return { done: true };
  return { done: false, busy: /busy/.test(message), message };
}

function isViewMounted(mountpoint: string): boolean {
  return readMountTable().findLast((mount) => mount.mountpoint === mountpoint)?.type === filesystemType;
}

async function runTool(program: string, args: readonly string[]): Promise<{ code: number; stderr: string }> {
  const { code, signal, stderr, error } = await runProgram(program, args);
  if (error !== undefined)
    throw new LvfsError('NO_TOOL', `cannot run ${program}`, {
      hint: program === 'fusermount' ? 'install fuse' : undefined,
      cause: error,
    });
  return { code: code ?? 1, stderr: signal === null ? stderr : `killed by ${signal}` };
}

/** Works from /proc alone. */
function findHolders(mountpoint: string, device: string | undefined): Holder[] {
  const holders: Holder[] = [];
  const below = readMountTable().findLast((mount) => mount.mountpoint === mountpoint)?.parent;
  for (const pid of processIds()) {
    const use = pid === process.pid ? undefined : useOf(pid, mountpoint, device, below);
    if (use !== undefined) holders.push({ pid, comm: readComm(pid), use });
  }
  return holders;
}

/** @param below the mount that this one lies on: who had a directory of that open before does not use what covers it, as automounters do not */
function useOf(
  pid: number,
  mountpoint: string,
  device: string | undefined,
  below: number | undefined,
): Holder['use'] | undefined {
  const inside = (link: string): boolean => {
    const target = processLink(pid, link);
    return target !== undefined && isWithin(target, mountpoint);
  };
  for (const use of ['cwd', 'root', 'exe'] as const) if (inside(use)) return use;
  const fds = unlessEnded(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
  const isBelow = (fd: string): boolean => below !== undefined && mountOf(pid, fd) === below;
  if (fds.some((fd) => inside(`fd/${fd}`) && !isBelow(fd))) return 'file';
  if (device === undefined) return undefined;
  const [major = '', minor = ''] = device.split(':');
  const hex = (digits: string): string => Number(digits).toString(16).padStart(2, '0');
  const maps = processFile(pid, 'maps') ?? '';
  return maps.includes(` ${hex(major)}:${hex(minor)} `) ? 'map' : undefined;
}

/** Where the kernel has a process that waits for an answer (fs/fuse/dev.c). */
const waitsForAnswer = 'request_wait_answer';

/**
 * Of each thread the kernel tells where it sleeps (proc_pid_wchan(5)), and how often it has gone to sleep (proc_pid_status(5)): as long as that
 * stays, it is the same wait.
 */
function findWaiting(): Waiter[] {
  return processIds().flatMap((pid) => {
    if (pid === process.pid) return [];
    const waits = (unlessEnded(() => readdirSync(`/proc/${pid}/task`)) ?? [])
      .filter((thread) => processFile(pid, `task/${thread}/wchan`) === waitsForAnswer)
      .map((thread) => {
        const status = processFile(pid, `task/${thread}/status`) ?? '';
        return `${thread} ${/^voluntary_ctxt_switches:\s*(\d+)$/m.exec(status)?.[1] ?? ''}`;
      });
    return waits.length === 0 ? [] : [{ pid, comm: readComm(pid), use: 'wait', waits }];
  });
}

function heldBy(device: string): Holder[] {
  const holders: Holder[] = [];
  const seen = new Set([linuxNamespaces.mountNamespace('self')]);
  for (const pid of processIds()) {
    const namespace = linuxNamespaces.mountNamespace(pid);
    if (namespace === undefined || seen.has(namespace)) continue;
    const table = processFile(pid, 'mountinfo');
    if (table === undefined) continue;
    seen.add(namespace);
    if (parseMountTable(table).some((mount) => mount.device === device))
      holders.push({ pid, comm: readComm(pid), use: 'namespace' });
  }
  return holders;
}

function hold(mountpoint: string, device: string): Disposable | undefined {
  const flags = openFlag.path | constants.O_DIRECTORY | constants.O_NOFOLLOW;
  const fd = ifSeen(() => openSync(mountpoint, flags));
  if (fd === undefined) return undefined;
  const mount = mountOf('self', fd);
  if (readMountTable().some((one) => one.id === mount && one.device === device))
    return { [Symbol.dispose]: () => closeSync(fd) };
  closeSync(fd);
  return undefined;
}

/** The number of the mount on which a process has something open; undefined when it has not. */
function mountOf(pid: number | 'self', fd: number | string): number | undefined {
  const id = /^mnt_id:\s*(\d+)$/m.exec(processFile(pid, `fdinfo/${fd}`) ?? '')?.[1];
  return id === undefined ? undefined : Number(id);
}

async function leaveViews(except: readonly string[]): Promise<void> {
  const views = readMountTable()
    .filter(({ type }) => type === filesystemType)
    .map(({ mountpoint }) => mountpoint)
    .filter((view, i, all) => !all.slice(0, i).some((other) => isWithin(view, other)))
    .filter((view) => view !== '/' && !except.some((path) => isWithin(path, view)));
  if (views.length > 0) await runTool('umount', ['-n', '-i', '-c', '-l', '--', ...views]);
}

function readComm(pid: number): string {
  return Buffer.from(processFile(pid, 'comm') ?? '?', 'latin1')
    .toString()
    .trim();
}

/**
 * libfuse 2 opens the device, and has fusermount(1) mount, which has to become root for that. The option user_allow_other of
 * /etc/fuse.conf is not needed: the view is the user's own.
 */
function userObstacles(): Obstacle[] {
  const obstacles = deviceObstacles();
  const install = 'install fuse (Debian: fuse3, Gentoo: sys-fs/fuse:0)';
  const program = findUtility('fusermount');
  if (program === undefined) {
    const other = findUtility('fusermount3');
    const found =
      other === undefined ? 'is not installed' : `is not there, only ${other}, which libfuse 2 does not run`;
    obstacles.push({ found: `fusermount ${found}`, remedy: install });
  } else {
    const { mode, uid } = statSync(program);
    if ((mode & 0o4000) === 0 || uid !== 0)
      obstacles.push({ found: `${program} is not setuid root`, remedy: `chmod u+s ${program}` });
  }
  if (/^NoNewPrivs:\s*1$/m.test(readFileSync('/proc/self/status', 'latin1'))) {
    obstacles.push({
      found: 'no process here can become root (no_new_privs)',
      remedy: 'start lvfs outside of the service or container that forbids it',
    });
  }
  return obstacles;
}

export const linuxMounter: Mounter = {
  mounts: readMountTable,
  cover,
  unmount,
  holders: findHolders,
  waiting: findWaiting,
  heldBy,
  hold,
  leaveViews,
  check: () => ['mount', 'umount'].map(checkUtilLinux),
  userObstacles,
};
