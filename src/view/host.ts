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

/** The kind that a `DT_*` stands for, as the host gives it. */
export function kindOfType(type: number): HostKind {
  return type as HostKind;
}

/** The kind in the mode of a file: `S_IFMT` has the values of `DT_*`, shifted. */
export function kindOfMode(mode: number): HostKind {
  return kindOfType((mode >>> 12) & 15);
}

/** What a directory holds, without `.` and `..`, in no particular order. */
export interface HostListing {
  /** All names, one behind the other without anything between. */
  readonly names: Uint8Array;
  /** Name `i` is `names[bounds[i], bounds[i + 1])`. */
  readonly bounds: Uint32Array;
  /** A {@link HostKind} for each name. */
  readonly kinds: Uint8Array;
}

/** A program of the host with files to work on; see {@link Host.compile}. */
export interface HostCompilation {
  /** Host path of the root, as in the settings of a view. */
  readonly root: string;
  /** Absolute inside the root, latin1. */
  readonly program: string;
  /** `%` stands for the directory in which it works. */
  readonly args: readonly string[];
  /** Files that it finds in there by these names, with their places inside the root, latin1. */
  readonly files: readonly { readonly name: string; readonly path: string }[];
}

/** Read-only access to the host; none of these throws for what files can be. */
export interface Host {
  /**
   * How often the machine could not say what is there, for lack of something or because a device fails. What was taken for missing
   * meanwhile may be there the next time.
   */
  readonly failures: number;
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
  /** The content of a regular file; undefined for anything else and when it cannot be read. */
  read(path: Uint8Array): Buffer | undefined;
  /** Is another one when a file was replaced, or written to; undefined for what cannot be reached. Links are not followed. */
  stamp(path: Uint8Array): string | undefined;
  /**
   * Runs a program in a directory of its own, which is gone afterwards, and waits for its end.
   * @returns the files that it has made there, by their names relative to it; or, in one line, why there are none
   */
  compile(compilation: HostCompilation): ReadonlyMap<string, Buffer> | string;
}
