/**
 * The mount table: what is mounted where, whether a directory may become a view, and how a view is taken away.
 *
 * Nothing here touches a path below a view of a daemon that may be this very process: the kernel's table answers
 * instead of `stat` wherever it can.
 */
import { spawn } from 'node:child_process';
import {
  accessSync,
  constants,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { errorCode, exitStatus, LvfsError } from '../base/index.js';

/** The type that `findmnt` shows for a view. */
export const filesystemType = 'fuse.lvfs';

/** A line of /proc/self/mountinfo; see proc_pid_mountinfo(5). */
export interface MountEntry {
  readonly id: number;
  readonly parent: number;
  /** `major:minor`; for FUSE the minor number names the connection in /sys/fs/fuse/connections. */
  readonly device: string;
  /** Where it is mounted; bytes that are not UTF-8 are U+FFFD. */
  readonly mountpoint: string;
  readonly type: string;
  readonly source: string;
}

/**
 * What is mounted over the mount at a path, in the order in which it can be taken away: what lies in a mount or on top of it
 * goes before it, of its neighbours the last one first.
 */
export function mountsOver(mounts: readonly MountEntry[], mountpoint: string): MountEntry[] {
  const order: MountEntry[] = [];
  const visit = (id: number): void => {
    for (const child of mounts.filter(({ parent }) => parent === id).reverse()) {
      visit(child.id);
      order.push(child);
    }
  };
  const view = mounts.findLast((mount) => mount.mountpoint === mountpoint && mount.type === filesystemType);
  if (view !== undefined) visit(view.id);
  return order;
}

/** The mounts of this process's namespace, in the order in which they were made. */
export function readMounts(): MountEntry[] {
  return parseMountinfo(readFileSync('/proc/self/mountinfo', 'latin1'));
}

/** Parses the text of a mountinfo file, one character per byte. Lines of another form are passed over. */
export function parseMountinfo(text: string): MountEntry[] {
  const entries: MountEntry[] = [];
  for (const line of text.split('\n')) {
    const fields = line.split(' ');
    const dash = fields.indexOf('-', 6);
    const [id, parent, device, , mountpoint] = fields;
    const type = fields[dash + 1];
    const source = fields[dash + 2];
    if (dash === -1 || mountpoint === undefined || type === undefined) continue;
    entries.push({
      id: Number(id),
      parent: Number(parent),
      device: device ?? '',
      mountpoint: unescape(mountpoint),
      type,
      source: unescape(source ?? ''),
    });
  }
  return entries;
}

/** Undoes the kernel's `\ooo` for space, tab, line end and backslash. */
function unescape(field: string): string {
  const bytes = field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** The topmost mount exactly at `mountpoint`, if there is one. */
export function mountAt(
  mountpoint: string,
  mounts: readonly MountEntry[] = readMounts(),
): MountEntry | undefined {
  return mounts.findLast((entry) => entry.mountpoint === mountpoint);
}

/** Whether `path` is `ancestor` or lies below it; both absolute and normalised. */
export function isWithin(path: string, ancestor: string): boolean {
  return path === ancestor || path.startsWith(ancestor === '/' ? '/' : `${ancestor}/`);
}

/** What {@link checkMountpoint} is told by its caller. */
export interface MountpointOptions {
  /** Mount over a directory that is not empty. */
  readonly nonempty: boolean;
  /** Whether a daemon is alive behind a view that is mounted there. */
  isAlive(mountpoint: string): boolean;
}

/**
 * Decides whether a view can be mounted at `given`.
 *
 * @returns the canonical path of the directory
 * @throws LvfsError with exit 23 that says what is wrong: NO_MOUNTPOINT, NOT_A_DIRECTORY, MOUNTPOINT_NOT_EMPTY,
 *   ALREADY_MOUNTED, STALE_MOUNT, BELOW_VIEW, MOUNTPOINT_IS_ROOT
 */
export function checkMountpoint(given: string, options: MountpointOptions): string {
  const mounts = readMounts();
  const views = mounts.filter((entry) => entry.type === filesystemType);
  // Before anything is touched: a view may be stale or its daemon stuck.
  const absolute = canonicalParent(given, views);
  const above = views.find((entry) => absolute !== entry.mountpoint && isWithin(absolute, entry.mountpoint));
  if (above !== undefined) {
    throw cannotMount(
      'BELOW_VIEW',
      `${given}: lies below another view, ${above.mountpoint}`,
      'choose a directory outside of it',
    );
  }
  const at = mountAt(absolute, mounts);
  if (at?.type === filesystemType) {
    if (options.isAlive(absolute)) {
      throw cannotMount(
        'ALREADY_MOUNTED',
        `${given}: a view is mounted there already`,
        `lvfs umount ${shellWord(given)}`,
      );
    }
    throw cannotMount(
      'STALE_MOUNT',
      `${given}: a stale view is mounted there; its daemon was killed`,
      `clean it up with: lvfs umount ${shellWord(given)}`,
    );
  }
  let canonical: string;
  try {
    canonical = realpathSync(absolute);
  } catch (error) {
    throw mountpointError(given, error);
  }
  if (canonical !== absolute) return checkMountpoint(canonical, options);
  if (canonical === '/')
    throw cannotMount('MOUNTPOINT_IS_ROOT', `${given}: a view cannot be mounted over the root itself`);
  checkDirectory(given, canonical, options.nonempty);
  return canonical;
}

function checkDirectory(given: string, canonical: string, nonempty: boolean): void {
  if (!lstatSync(canonical).isDirectory()) {
    throw cannotMount(
      'NOT_A_DIRECTORY',
      `${given}: is not a directory`,
      'a view needs a directory to be mounted on',
    );
  }
  if (nonempty) return;
  let names: string[];
  try {
    names = readdirSync(canonical);
  } catch (error) {
    throw mountpointError(given, error);
  }
  if (names.length > 0) {
    throw cannotMount(
      'MOUNTPOINT_NOT_EMPTY',
      `${given}: is not empty; the view would hide what is in it`,
      'use an empty directory, or --nonempty',
    );
  }
}

/**
 * The absolute path with the links of all parents resolved; below a view the path is left as it is, so that a dead
 * daemon is not asked.
 */
function canonicalParent(given: string, views: readonly MountEntry[]): string {
  const absolute = resolve(given);
  if (absolute === '/' || views.some((view) => isWithin(absolute, view.mountpoint))) return absolute;
  try {
    return join(realpathSync(dirname(absolute)), absolute.slice(absolute.lastIndexOf('/') + 1));
  } catch (error) {
    throw mountpointError(given, error);
  }
}

function mountpointError(given: string, error: unknown): LvfsError {
  const code = errorCode(error);
  if (code === undefined) throw error;
  switch (code) {
    case 'ENOENT':
      // What is not UTF-8 reaches us as U+FFFD, so such a name is never found.
      if (given.includes('\ufffd'))
        return cannotMount('BAD_MOUNTPOINT', `${given}: is not UTF-8`, 'choose a directory whose path is');
      return cannotMount('NO_MOUNTPOINT', `${given}: no such directory`, `mkdir -p ${shellWord(given)}`);
    case 'ENOTDIR':
      return cannotMount('NOT_A_DIRECTORY', `${given}: is not a directory`);
    case 'ENOTCONN':
      return cannotMount('STALE_MOUNT', `${given}: lies on a dead FUSE mount`, 'unmount it first');
    case 'ELOOP':
      return cannotMount('NO_MOUNTPOINT', `${given}: too many symbolic links`);
    default:
      return cannotMount('NO_MOUNTPOINT', `${given}: cannot be used as a mount point (${code})`);
  }
}

/**
 * Checks that this machine and this user can mount with the kernel driver.
 *
 * @throws LvfsError with exit 23: NO_FUSE, NOT_ROOT
 */
export function checkKernelDriver(): void {
  if (!kernelKnowsFuse()) {
    throw cannotMount(
      'NO_FUSE',
      'this kernel does not support FUSE',
      'enable CONFIG_FUSE_FS, or: modprobe fuse',
    );
  }
  if (process.getuid?.() !== 0) {
    throw cannotMount('NOT_ROOT', 'mounting a view needs root', 'try: sudo lvfs mount …');
  }
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK);
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    if (code === 'ENOENT') {
      throw cannotMount(
        'NO_FUSE',
        '/dev/fuse: does not exist',
        'modprobe fuse; in a container: --device /dev/fuse',
      );
    }
    throw cannotMount('NO_FUSE', `/dev/fuse: cannot be opened (${code})`);
  }
}

/** FUSE is listed once its code is loaded; a device node means that the kernel can load it. */
function kernelKnowsFuse(): boolean {
  try {
    if (/\tfuse$/m.test(readFileSync('/proc/filesystems', 'utf8'))) return true;
    accessSync('/dev/fuse');
    return true;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return false;
  }
}

function cannotMount(code: string, message: string, hint?: string): LvfsError {
  return new LvfsError(code, message, {
    exit: exitStatus.cannotMount,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** A word as a shell would need it typed. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** A process that keeps a mount busy. */
export interface Holder {
  readonly pid: number;
  readonly comm: string;
  /** What it has there: `cwd`, `root`, `exe`, an open file, or a mapping. */
  readonly use: 'cwd' | 'root' | 'exe' | 'file' | 'map';
}

/**
 * Processes that use a mount, as far as they can be seen. Works from /proc alone and asks nothing of the mounted
 * filesystem.
 *
 * @param mountpoint canonical path
 * @param device `major:minor` of the mount, to find mappings
 */
export function findHolders(mountpoint: string, device: string | undefined): Holder[] {
  const holders: Holder[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const use = useOf(name, mountpoint, device);
    if (use !== undefined) holders.push({ pid: Number(name), comm: readComm(name), use });
  }
  return holders;
}

function useOf(pid: string, mountpoint: string, device: string | undefined): Holder['use'] | undefined {
  const inside = (link: string): boolean => {
    const target = unlessGone(() => readlinkSync(link));
    return target !== undefined && isWithin(target, mountpoint);
  };
  for (const use of ['cwd', 'root', 'exe'] as const) if (inside(`/proc/${pid}/${use}`)) return use;
  const fds = unlessGone(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
  if (fds.some((fd) => inside(`/proc/${pid}/fd/${fd}`))) return 'file';
  if (device === undefined) return undefined;
  const [major = '', minor = ''] = device.split(':');
  const hex = (digits: string): string => Number(digits).toString(16).padStart(2, '0');
  const maps = unlessGone(() => readFileSync(`/proc/${pid}/maps`, 'latin1')) ?? '';
  return maps.includes(` ${hex(major)}:${hex(minor)} `) ? 'map' : undefined;
}

function readComm(pid: string): string {
  return unlessGone(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trim()) ?? '?';
}

/** The result, or undefined when a process ended meanwhile or may not be looked at. */
function unlessGone<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM' || code === 'ENOTDIR')
      return undefined;
    throw error;
  }
}

/** How an attempt to unmount ended. */
export type UnmountResult =
  { readonly done: true } | { readonly done: false; readonly busy: boolean; readonly message: string };

/**
 * Runs umount(8) on exactly this mount point, in a process of its own: this one may be the one that serves it.
 *
 * @param lazy detach it although it is in use (`MNT_DETACH`), and end its connection (`MNT_FORCE`): who still uses it, or waits for
 *   an answer, gets errors, and the daemon's reads of the device fail
 */
export async function unmount(mountpoint: string, lazy: boolean): Promise<UnmountResult> {
  // umount(8) takes only root's word; an ordinary user's mount was made by fusermount.
  const { code, stderr } =
    process.getuid?.() === 0
      ? await runTool('umount', ['-i', '-c', ...(lazy ? ['-l', '-f'] : []), '--', mountpoint])
      : await runTool('fusermount', ['-u', ...(lazy ? ['-z'] : []), '--', mountpoint]);
  if (code === 0) return { done: true };
  const message = stderr.trim().replace(/\s*\n\s*/g, ' ') || `umount ended with status ${code}`;
  // Somebody else was quicker.
  if (/not mounted|no mount point/.test(message) && mountAt(mountpoint)?.type !== filesystemType)
    return { done: true };
  return { done: false, busy: /busy/.test(message), message };
}

function runTool(program: string, args: readonly string[]): Promise<{ code: number; stderr: string }> {
  return new Promise((done, fail) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      cwd: '/',
      env: { ...process.env, LC_ALL: 'C' },
    });
    let stderr = '';
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (text: string) => (stderr += text));
    child.on('error', (error) => {
      fail(
        new LvfsError('NO_TOOL', `cannot run ${program}`, {
          exit: exitStatus.cannotMount,
          hint: program === 'fusermount' ? 'install fuse' : 'install util-linux',
          cause: error,
        }),
      );
    });
    child.on('close', (code, signal) =>
      done({ code: code ?? 1, stderr: signal === null ? stderr : `killed by ${signal}` }),
    );
  });
}
