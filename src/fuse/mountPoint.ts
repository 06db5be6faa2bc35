/** Mount points, as every driver needs them: the checks before a mount, and running what mounts. */
import { lstatSync, realpathSync, statfsSync } from 'node:fs';
import { errorCode, LvfsError, type ErrorCode, readMountTable } from '../base/index.js';

/**
 * The mount point without symbolic links; `type` is what is to be mounted there.
 *
 * Errors, with exit 23: `MOUNT_POINT`, `STALE_MOUNT`.
 */
export function resolveMountpoint(path: string, type: string): string {
  const fail = (code: ErrorCode, message: string, hint?: string, cause?: unknown) =>
    new LvfsError(code, message, { hint, cause });
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
  if (readMountTable().findLast(({ mountpoint }) => mountpoint === resolved)?.type === type) {
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

/** What is said when a mount stays, from what umount(8) says. */
export function unmountFailed(mountpoint: string, message: string): LvfsError {
  if (!/busy/i.test(message))
    return new LvfsError('UNMOUNT_FAILED', `${mountpoint}: cannot be unmounted: ${message}`);
  return new LvfsError('MOUNT_BUSY', `${mountpoint}: is in use`, {
    hint: `find who uses it with "fuser -vm ${mountpoint}", or unmount lazily`,
  });
}
