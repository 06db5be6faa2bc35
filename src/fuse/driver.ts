/**
 * What every driver offers: a mount in the main thread, and serving in worker threads. The main thread mounts,
 * hands the connection's endpoint to its workers, and keeps what works from outside: notifications, counters,
 * unmounting.
 */
import type { DriverName, Logger, LvfsError } from '../base/index.js';
import type { Activity } from './activity.js';
import type { Notifier } from './operations.js';
import type { ProtocolOptions } from './server.js';

/** What a driver can do; what it cannot is a difference that users may notice. */
export interface DriverCapabilities {
  /** Times arrive with all nine digits. */
  readonly exactNanoseconds: boolean;
  /** Inode numbers are those of the attributes. */
  readonly inodeNumbers: boolean;
  /** {@link Connection.notifier} exists. */
  readonly invalidation: boolean;
  /** Seconds that a change may take to be seen; 0 where what the kernel has cached can be taken back. */
  readonly staleSeconds: number;
  /** Validities hold for each entry rather than for the whole mount. */
  readonly perEntryValidity: boolean;
  /** Missing names are cached. */
  readonly negativeCaching: boolean;
  /** Names that are not UTF-8 work. */
  readonly byteNames: boolean;
  /** Operations are told who asks. */
  readonly callers: boolean;
  /** Extended attributes are shown, and access control lists checked as on the host. */
  readonly extendedAttributes: boolean;
  /** How many threads may serve one connection. */
  readonly maxThreads: number;
}

/** How a mount is made. */
export interface MountOptions {
  /** An existing directory. */
  readonly mountpoint: string;
  /** What `findmnt` shows as source; default the subtype. */
  readonly source?: string;
  /** The part behind `fuse.` in the filesystem type. */
  readonly subtype: string;
  /**
   * What umount(8) runs for it, `/sbin/umount.<helper>`, where that is installed; only some drivers can see to that. Without it umount(8)
   * takes a filesystem of FUSE for any other.
   */
  readonly unmountHelper?: string;
  /** Other users than the one who mounts may use it. Default true. */
  readonly allowOther?: boolean;
  /** How many threads will serve; default 1. */
  readonly threads?: number;
  readonly protocol?: ProtocolOptions;
}

interface AnyEndpoint {
  readonly shared: SharedArrayBuffer;
  readonly protocol: ProtocolOptions;
}

/** The endpoint of the kernel driver. The descriptor is shared by all threads of the process. */
export interface KernelEndpoint extends AnyEndpoint {
  readonly driver: 'kernel';
  readonly fd: number;
}

/** The endpoint of the libfuse driver: pipes to the process that speaks with libfuse. */
export interface LibfuseEndpoint extends AnyEndpoint {
  readonly driver: 'libfuse';
  readonly requestFd: number;
  readonly replyFd: number;
}

/** How a serving thread finds its connection: a plain value for `workerData`, one of each driver. */
export type Endpoint = KernelEndpoint | LibfuseEndpoint;

/** What a serving thread has to say about itself. */
export interface ServeOptions {
  /** Which of the connection's threads this is, from 0. */
  readonly thread: number;
  readonly log: Logger;
}

/** A mounted filesystem, seen from the thread that mounted it. */
export interface Connection {
  /** The mount point with its symbolic links resolved. */
  readonly mountpoint: string;
  readonly endpoint: Endpoint;
  /** What the serving threads report. */
  readonly activity: Activity;
  /** Undefined when the driver cannot invalidate. */
  readonly notifier: Notifier | undefined;
  /** Whether the mount is still there. Asks the mount table, never the mount itself. */
  isMounted(): boolean;
  /**
   * Takes the mount away; the serving loops then end. Succeeds when it is gone already. With `lazy` it vanishes
   * from the tree at once, but lives on until nobody uses it.
   *
   * Errors: `MOUNT_BUSY` (exit 1), `UNMOUNT_FAILED` (exit 1).
   */
  unmount(options?: { lazy?: boolean }): Promise<void>;
  /**
   * Ends the connection without asking anybody, at once and without returning to the event loop: every request
   * under way fails, and the serving loops end. A dead mount may stay for {@link unmount}. To be called before a
   * lazy unmount rather than after it: what is out of the tree may also be out of reach. A process with a serving
   * thread does not exit before one of the two was done.
   */
  abort(): void;
  /** Releases the descriptor; only after all serving threads have ended. */
  close(): void;
}

/**
 * A way to the kernel. Besides what the members promise, a driver
 *
 * - answers from `Operations`, in a thread of its own that may block; the thread that mounts never does, and never touches a
 *   path below the mount. `Operations` are synchronous and speak of nodes; a driver that is asked for paths walks them with
 *   `lookup` and gives back with `forget` what it no longer remembers;
 * - mounts read-only, `nosuid`, `nodev` and with permissions checked by the kernel, and answers every modification with EROFS;
 * - turns an exception in an operation into EIO and a line in the log, once;
 * - marks each request in the connection's `Activity` between reading and answering it: live changes wait for that;
 * - never gives up on a slow disk;
 * - ends the serving threads when the mount is gone, whoever took it away, and after `abort`;
 * - says what it cannot do in its capabilities. Where caches cannot be told of changes, nothing may be believed for longer than
 *   `staleSeconds`.
 */
export interface Driver {
  readonly name: DriverName;
  readonly capabilities: DriverCapabilities;
  /**
   * Why the caller cannot mount with this driver on this machine, with exit 23 and a hint that says how to change that:
   * `FUSE_UNAVAILABLE`, `NOT_ROOT`. Undefined: as far as can be told beforehand, he can. Changes nothing.
   */
  probe(): LvfsError | undefined;
  /**
   * Mounts. Whoever uses the mount waits until a thread serves the connection's endpoint; the thread that calls
   * this must not touch it before.
   *
   * Errors, all with exit 23: `FUSE_UNAVAILABLE`, `MOUNT_POINT`, `STALE_MOUNT`, `MOUNT_FAILED`.
   */
  mount(options: MountOptions): Promise<Connection>;
}
