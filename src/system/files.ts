/**
 * Read access to the files of this machine by path, in bytes: numbers and memory instead of objects, and an errno instead of
 * an exception. Two implementations: system calls, and Node's `fs` where these cannot be made.
 *
 * Paths are absolute. No symbolic link is followed in any of them, at their end or on the way, as far as the implementation
 * can see to that ({@link Files.isExact}): whoever asks has taken the links out, and what has become a link since leads nowhere.
 */
import { errno, type Errno, type Outcome } from '../base/index.js';
import type { FileStatus } from './fileStatus.js';

/** The entries of a directory, without `.` and `..`, in no particular order. */
export interface DirectoryEntries {
  /** All names, one behind the other without anything between. */
  readonly names: Uint8Array;
  /** Name `i` is `names[bounds[i], bounds[i + 1])`. */
  readonly bounds: Uint32Array;
  /** The type of each as `DT_*` (dirent.h). */
  readonly kinds: Uint8Array;
}

/** What says something of a path: nothing is there that could be meant, or it may not be looked at. */
const answers: ReadonlySet<Errno> = new Set([
  0,
  ...[errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL, errno.EACCES, errno.EPERM],
]);

/** Counts how often there was no answer. */
export class Failures {
  count = 0;
  /** What it was the last time; 0: it never was. */
  last: Errno = 0;

  /** @returns what it is given */
  note(code: Errno): Errno {
    if (!answers.has(code)) {
      this.count++;
      this.last = code;
    }
    return code;
  }
}

/** See the head of this file. One for each thread; nothing is kept open between calls but directories. */
export interface Files {
  /** Whether links on the way are refused, and extended attributes can be read. */
  readonly isExact: boolean;
  /** What the last successful {@link stat} or {@link statOpen} found. */
  readonly status: FileStatus;
  /**
   * How often the machine could not say what is there (EIO, ENOMEM, EMFILE, …). What was made of that is no knowledge: it may be
   * otherwise the next time.
   */
  readonly failures: Readonly<Failures>;
  /** Fills {@link status}; 0 or an errno. */
  stat(path: Uint8Array): Errno;
  /** The same of an open file. */
  statOpen(fd: number): Errno;
  /** The target of a symbolic link, in memory of its own; undefined for what is none, or cannot be read. */
  readlink(path: Uint8Array): Uint8Array | undefined;
  /** Undefined for what is no directory, or cannot be read. */
  list(path: Uint8Array): DirectoryEntries | undefined;
  /**
   * Opens a file for reading without waiting for a writer, or touching its access time where that is allowed.
   * @returns a descriptor, or a failure: ELOOP for a symbolic link
   */
  open(path: Uint8Array): Outcome;
  /** Closes what {@link open} gave; any thread may. */
  close(fd: number): void;
  /** Reads into all of `into` unless the file ends before; the number of bytes. */
  read(fd: number, into: Uint8Array, offset: number): Outcome;
  /**
   * The value of an extended attribute of a file or a link.
   * @param into where it is written; of no length: only its length is wanted
   * @returns bytes, or a failure: ERANGE when it does not fit, EOPNOTSUPP where none can be read
   */
  attribute(path: Uint8Array, name: Uint8Array, into: Uint8Array): Outcome;
  /** The names of all extended attributes, each with a NUL behind it; otherwise as {@link attribute}. */
  attributeNames(path: Uint8Array, into: Uint8Array): Outcome;
  /** Forgets which directories paths lead through; otherwise that is believed for a second. */
  forget(): void;
}
