/**
 * What a platform's mounter does: it tells what is mounted, puts over a view what a build writes to, and takes mounts away.
 * Mounting the view itself is a driver's business (fuse/driver.ts).
 *
 * A platform that cannot bind directories implements {@link Mounter.cover} as a failure: views can then be mounted
 * (`--no-binds`) and looked at, but not built in.
 */
import type { MountEntry } from '../../base/index.js';
import type { HealthCheck, Obstacle } from './health.js';

export type { MountEntry };

/** The type that the mount table has for a view, on every platform; `findmnt` shows it. */
export const filesystemType = 'fuse.lvfs';

/** One thing mounted over a view. */
export interface Bind {
  /** Absolute path inside the view, without symlinks. */
  readonly target: string;
  /**
   * `bind`: a directory or file of the host; `memory`: an empty filesystem in memory; `proc`: the processes of the
   * namespace that looks; `database`: the view's own list of packages, which another bind has covered.
   */
  readonly kind: 'bind' | 'memory' | 'proc' | 'database';
  /** Host path; only with `bind`. */
  readonly source?: string;
  readonly readOnly?: boolean;
  /** It was not asked for, only found below what was, so it may be gone by the time it is mounted. */
  readonly found?: true;
}

/** What {@link Mounter.cover} works with. */
export interface CoverOptions {
  /** Whether `/proc` is the host's; false: whoever starts a command mounts its own. */
  readonly hostProc: boolean;
}

/** A process that keeps a mount busy. */
export interface Holder {
  /** Process id, as the caller sees it. */
  readonly pid: number;
  /** Its short name; `?` when that cannot be seen. */
  readonly comm: string;
  /**
   * What it has there: its working or root directory, its program, an open file, a mapping, or a mount namespace of its own with the mount in
   * it; or that it waits for an answer.
   */
  readonly use: 'cwd' | 'root' | 'exe' | 'file' | 'map' | 'namespace' | 'wait';
}

/** A process that waits. */
export interface Waiter extends Holder {
  /** Names each wait: one that is there again the next time has lasted. */
  readonly waits: readonly string[];
}

/** How an attempt to unmount ended; `busy` when somebody uses the mount, `message` is what the system said. */
export type UnmountResult =
  { readonly done: true } | { readonly done: false; readonly busy: boolean; readonly message: string };

/**
 * Mounts and unmounts on a platform. No method touches a path below a view except {@link Mounter.cover}, and the calling thread does not
 * wait in that: it may be the one that has to end a view which does not answer.
 */
export interface Mounter {
  /**
   * What the caller's namespace has mounted, in the order in which it was mounted. Touches no mount, so a dead or stuck one
   * does no harm.
   */
  mounts(): MountEntry[];

  /**
   * Mounts everything over the view at `view`, in the order given: a bind may lie in an earlier one. First the view itself is
   * cut off from other namespaces. What must hold afterwards, and while it is being done, also where the mounts of the host
   * are shared with other namespaces (mount_namespaces(7)):
   *
   * - nothing of it is seen in another namespace, and to unmount any of it does nothing to what is bound;
   * - a bind shows what is mounted below its source only where that is unavoidable; callers list such mounts themselves;
   * - `memory` is writable for everybody (mode 1777) where its name is `tmp`, else for root (755); a target inside it is made;
   * - `database` is what the view itself shows there, although an earlier bind covers it;
   * - what was only {@link Bind.found} and cannot be mounted is left out.
   *
   * @param view its mount point as the mount table has it
   * @throws LvfsError BIND_FAILED (exit 23) naming what could not be mounted, SYSTEM_CALLS. Some of it may be mounted
   *   then: the caller takes the view away
   */
  cover(view: string, binds: readonly Bind[], options: CoverOptions): Promise<void>;

  /**
   * Takes away the topmost mount at exactly this mount point, asking the mounted filesystem nothing. Done also when somebody
   * else was quicker.
   *
   * @param lazy detach it although it is in use, and end its connection: who still uses it, or waits for an answer, gets
   *   errors, and the reads of the device fail. Without root the connection may live on until nobody uses it; whoever serves
   *   it then aborts it
   * @throws LvfsError NO_TOOL (exit 23)
   */
  unmount(mountpoint: string, lazy: boolean): Promise<UnmountResult>;

  /**
   * The processes that use a mount or what is mounted below it, without the caller, as far as the caller may see them. Asks
   * nothing of the mounted filesystem. A platform that cannot tell answers with none; errors then name nobody.
   *
   * @param mountpoint as the mount table has it
   * @param device `major:minor` of the mount, to find mappings; undefined: without those
   */
  holders(mountpoint: string, device: string | undefined): Holder[];

  /** Processes that wait for an answer of some view, or another filesystem of its kind, as far as the caller may see them. */
  waiting(): Waiter[];

  /**
   * One process of each other mount namespace in which a filesystem is still mounted: it lives until none has it. As far as the
   * caller may see them.
   *
   * @param device `major:minor` of the mount
   */
  heldBy(device: string): Holder[];

  /**
   * Keeps a mounted filesystem from ending, wherever it is taken away, until it is let go of: so long its number is no other's. Asks nothing of
   * it. It cannot be unmounted meanwhile but by detaching it.
   *
   * @returns undefined when it is not what is mounted there
   */
  hold(mountpoint: string, device: string): Disposable | undefined;

  /**
   * Takes away the views that a new namespace has inherited, with what is over them, so that it neither keeps them alive nor
   * comes across them. One that cannot be taken away (in a user namespace) stays.
   *
   * @param except paths that are needed, and a view that one lies in with them
   */
  leaveViews(except: readonly string[]): Promise<void>;

  /** What `lvfs doctor` says about the tools this needs. */
  check(): HealthCheck[];

  /** What keeps an ordinary user from mounting a view that his other processes see; none: nothing does. */
  userObstacles(): Obstacle[];
}
