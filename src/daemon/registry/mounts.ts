/**
 * Mount points: whether a directory may become a view, and in which order what is mounted over one is taken away.
 *
 * Nothing here touches a path below a view of a daemon that may be this very process: the mount table answers
 * instead of `stat` wherever it can.
 */
import { lstatSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { errorCode, isWithin, LvfsError, type ErrorCode, shellWord } from '../../base/index.js';
import { filesystemType, mounter, type MountEntry, type Mounter } from '../platform/index.js';

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

/** The mounted views, without the parts of them that are bound over themselves (the package database). */
export function viewMounts(mounts: readonly MountEntry[] = mounter.mounts()): MountEntry[] {
  const views = mounts.filter((entry) => entry.type === filesystemType);
  return views.filter(
    ({ device, mountpoint }) =>
      !views.some(
        (other) =>
          other.device === device &&
          other.mountpoint !== mountpoint &&
          isWithin(mountpoint, other.mountpoint),
      ),
  );
}

/** Where views are mounted, but for the one at a place. */
export function otherViews(mountpoint?: string): string[] {
  return viewMounts()
    .map((view) => view.mountpoint)
    .filter((other) => other !== mountpoint);
}

/** The topmost mount exactly at `mountpoint`, if there is one. */
export function mountAt(
  mountpoint: string,
  mounts: readonly MountEntry[] = mounter.mounts(),
): MountEntry | undefined {
  return mounts.findLast((entry) => entry.mountpoint === mountpoint);
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
  const mounts = mounter.mounts();
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
  // An automount point waits for what is being mounted here before it can be listed.
  checkDirectory(given, canonical, options.nonempty || at?.type === 'autofs');
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

function cannotMount(code: ErrorCode, message: string, hint?: string): LvfsError {
  return new LvfsError(code, message, { hint });
}

/**
 * Takes away everything that is mounted over a view, last first, and nothing else: the view itself stays.
 *
 * @param lazy detach also what is in use
 * @returns what stayed because it is in use; empty when all is gone
 */
export async function unmountBinds(
  mountpoint: string,
  lazy: boolean,
  by: Pick<Mounter, 'mounts' | 'unmount'> = mounter,
): Promise<string[]> {
  const over = mountsOver(by.mounts(), mountpoint);
  for (const [i, mount] of over.entries()) {
    const result = await by.unmount(mount.mountpoint, lazy);
    if (!result.done) return over.slice(i).map((left) => left.mountpoint);
  }
  return [];
}

/** Whether a view with this device is what is mounted there. */
export function isMounted(mountpoint: string, device: string): boolean {
  const mount = mountAt(mountpoint);
  return mount?.type === filesystemType && mount.device === device;
}

/** Takes away a mount that nobody serves any more. */
export async function removeMount(mountpoint: string, device: string): Promise<void> {
  if (isMounted(mountpoint, device)) await mounter.unmount(mountpoint, true);
}
