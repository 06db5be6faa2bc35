/**
 * What the view asks of the host's files. Paths are whole host paths in bytes, and may be windows on memory that is
 * written again right after the call.
 */

/** The types of a file, numbered as `DT_*` in dirent.h; `missing` when there is none, or none that can be reached. */
export const hostKind = {
  missing: 0,
  fifo: 1,
  character: 2,
  directory: 4,
  block: 6,
  file: 8,
  link: 10,
  socket: 12,
} as const;

/** One of the numbers in {@link hostKind}. */
export type HostKind = (typeof hostKind)[keyof typeof hostKind];

/** What a directory holds, without `.` and `..`, in no particular order. */
export interface HostListing {
  /** All names, one behind the other without anything between. */
  readonly names: Uint8Array;
  /** Name `i` is `names[bounds[i], bounds[i + 1])`. */
  readonly bounds: Uint32Array;
  /** A {@link HostKind} for each name. */
  readonly kinds: Uint8Array;
}

/** Read-only access to the host; none of these throws for what files can be. */
export interface Host {
  /** The type of a file; links are not followed. */
  kind(path: Uint8Array): HostKind;
  /** The target of a symbolic link; undefined for anything else. */
  readlink(path: Uint8Array): Uint8Array | undefined;
  /** The entries of a directory; undefined for anything else and when it cannot be read. */
  list(path: Uint8Array): HostListing | undefined;
  /**
   * Whether a file system is mounted at a path (latin1), as far as this is known without touching it. The answer may be
   * a second old.
   */
  isMountPoint(path: string): boolean;
  /** Forgets what is kept of the way to files: it may have changed. */
  forget(): void;
}
