/** Mount points, as every driver needs them: the mount table, the checks before a mount, and running what mounts. */
import { spawn } from 'node:child_process';
import { lstatSync, readFileSync, realpathSync, statfsSync } from 'node:fs';
import { errorCode, exitStatus, LvfsError } from '../base/index.js';

/** One line of /proc/self/mountinfo; see proc(5). */
export interface MountInfo {
  /** `major:minor` of the filesystem, as in `stat(2)`. */
  readonly device: string;
  /** Absolute, with `\040` and its like decoded; bytes as latin1. */
  readonly mountpoint: string;
  readonly type: string;
  readonly source: string;
}

/** Parses /proc/self/mountinfo. Lines that are not of its form are left out. */
export function parseMountInfo(text: string): MountInfo[] {
  const decode = (field: string) =>
    field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
  const mounts: MountInfo[] = [];
  for (const line of text.split('\n')) {
    const fields = line.split(' ');
    const separator = fields.indexOf('-', 6);
    const [, , dev, , mountpoint] = fields;
    if (separator < 0 || dev === undefined || mountpoint === undefined) continue;
    mounts.push({
      device: dev,
      mountpoint: decode(mountpoint),
      type: fields[separator + 1] ?? '',
      source: decode(fields[separator + 2] ?? ''),
    });
  }
  return mounts;
}

/** The mounts of this process' namespace. */
export function currentMounts(): MountInfo[] {
  return parseMountInfo(readFileSync('/proc/self/mountinfo', 'latin1'));
}

/** A path as the mount table has it, one character for each byte. */
export function latin1(path: string): string {
  return Buffer.from(path).toString('latin1');
}

/**
 * The mount point without symbolic links; `type` is what is to be mounted there.
 *
 * Errors, with exit 23: `MOUNT_POINT`, `STALE_MOUNT`.
 */
export function resolveMountpoint(path: string, type: string): string {
  const fail = (code: string, message: string, hint?: string, cause?: unknown) =>
    new LvfsError(code, message, {
      exit: exitStatus.cannotMount,
      ...(hint === undefined ? {} : { hint }),
      ...(cause === undefined ? {} : { cause }),
    });
  const staleMount = (cause: unknown) =>
    fail('STALE_MOUNT', `${path} is a mount whose daemon has died`, `umount -l ${path}`, cause);
  let resolved: string;
  let isDirectory: boolean;
  try {
    resolved = realpathSync(path);
    isDirectory = lstatSync(resolved).isDirectory();
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOTCONN' || code === 'ECONNABORTED') throw staleMount(error);
    throw fail(
      'MOUNT_POINT',
      `cannot mount on ${path}`,
      code === 'ENOENT' ? 'create the directory first' : undefined,
      error,
    );
  }
  if (!isDirectory) throw fail('MOUNT_POINT', `cannot mount on ${path}: not a directory`);
  const bytes = latin1(resolved);
  if (currentMounts().findLast(({ mountpoint }) => mountpoint === bytes)?.type === type) {
    try {
      // Attributes may come from the kernel's cache; this is always answered by the daemon.
      statfsSync(resolved);
    } catch (error) {
      throw staleMount(error);
    }
    throw fail('MOUNT_POINT', `cannot mount on ${path}: there is such a mount already`, `umount ${path}`);
  }
  return resolved;
}

/** Runs a program that mounts or unmounts; its exit status and what it had to say. Rejects when it cannot be run. */
export function run(
  program: string,
  args: readonly string[],
  inherited: readonly number[] = [],
): Promise<{ status: number | null; message: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'ignore', 'pipe', ...inherited],
      env: utilityEnvironment(),
    });
    let message = '';
    const collect = (text: string) => (message += text);
    child.stdio[2]?.setEncoding('utf8').on('data', collect);
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, message: message.trim().replace(/\s*\n\s*/g, '; ') }));
  });
}

/** The environment in which programs of util-linux are run. */
export function utilityEnvironment(): NodeJS.ProcessEnv {
  // mount(8) lives in /sbin on some systems; its messages are matched, so they must not be translated.
  return { ...process.env, LC_ALL: 'C', PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin` };
}
