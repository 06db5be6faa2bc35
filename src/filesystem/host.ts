/**
 * The host's files through system calls on byte paths. Nothing here throws for what files can be; other failures of the
 * host (EIO, EACCES) are told apart from absence only where the kernel is to be told.
 */
import {
  closeSync,
  constants,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type BigIntStats,
  type Dirent,
  type Stats,
} from 'node:fs';
import { errno, errnoOf, errorCode, readMountTable, type Errno } from '../base/index.js';
import type { Attributes } from '../fuse/index.js';
import { hostKind, type Host, type HostKind, type HostListing } from '../view/index.js';

const kindOptions = { throwIfNoEntry: false } as const;
const statOptions = { bigint: true, throwIfNoEntry: false } as const;

/** The errors that mean "no such file" for a path that is taken component by component. */
const absent: ReadonlySet<Errno> = new Set([errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP]);

/** How long the list of mount points is believed. */
const mountsValidMs = 1000;

/** `S_IFMT` and the values in it, shifted to `DT_*`. */
export function kindOfMode(mode: number): HostKind {
  return ((mode >>> 12) & 15) as HostKind;
}

export class NodeHost implements Host {
  #mounts: ReadonlySet<string> = new Set();
  #mountsReadAt = -Infinity;
  // A 64-bit integer is taken apart through memory: far cheaper than arithmetic on it.
  readonly #wide = new BigInt64Array(1);
  readonly #halves = new Uint32Array(this.#wide.buffer);

  kind(path: Uint8Array): HostKind {
    const stats = quickStat(path);
    return stats === undefined ? hostKind.missing : kindOfMode(stats.mode);
  }

  /** Whether a path is one of several names of a file that is no directory. */
  hasOtherNames(path: Uint8Array): boolean {
    const stats = quickStat(path);
    return stats !== undefined && stats.nlink > 1 && !stats.isDirectory();
  }

  readlink(path: Uint8Array): Uint8Array | undefined {
    try {
      return readlinkSync(path as Buffer, 'buffer');
    } catch {
      // Not a link, gone, or unreadable: all the same here.
      return undefined;
    }
  }

  list(path: Uint8Array): HostListing | undefined {
    let entries: Dirent[];
    try {
      entries = readdirSync(path as Buffer, { withFileTypes: true, encoding: 'latin1' });
    } catch {
      // Not a directory, gone, or unreadable: all the same here.
      return undefined;
    }
    const kinds = new Uint8Array(entries.length);
    const bounds = new Uint32Array(entries.length + 1);
    let end = 0;
    let text = '';
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i] as Dirent;
      kinds[i] = kindOfEntry(entry);
      text += entry.name;
      end += entry.name.length;
      bounds[i + 1] = end;
    }
    // Each call that makes bytes of text costs as much as what is done with a name, so it is one for all.
    return { names: Buffer.from(text, 'latin1'), bounds, kinds };
  }

  isMountPoint(path: string): boolean {
    const now = performance.now();
    if (now - this.#mountsReadAt > mountsValidMs) {
      this.#mountsReadAt = now;
      this.#mounts = readMountPoints();
    }
    return this.#mounts.has(path);
  }

  /**
   * The attributes of a file as the host has them, but for `ino`.
   * @returns what else there is to know, or an errno (positive): ENOENT for what is not there.
   */
  stat(path: Uint8Array, out: Attributes): BigIntStats | Errno {
    let stats: BigIntStats | undefined;
    try {
      stats = lstatSync(path as Buffer, statOptions);
    } catch (error) {
      const code = errnoOf(error);
      return absent.has(code) ? errno.ENOENT : code;
    }
    if (stats === undefined) return errno.ENOENT;
    const halves = this.#halves;
    const wide = this.#wide;
    wide[0] = stats.size;
    out.size = (halves[1] as number) * 0x1_0000_0000 + (halves[0] as number);
    wide[0] = stats.blocks;
    out.blocks = (halves[1] as number) * 0x1_0000_0000 + (halves[0] as number);
    out.mode = this.#low(stats.mode);
    out.nlink = this.#low(stats.nlink);
    out.uid = this.#low(stats.uid);
    out.gid = this.#low(stats.gid);
    out.blksize = this.#low(stats.blksize);
    out.rdev = stats.rdev === 0n ? 0 : encodeDevice(stats.rdev);
    let sec = this.#seconds(stats.atimeNs);
    out.atimeSec = sec;
    out.atimeNsec = this.#nanoseconds(sec);
    sec = this.#seconds(stats.mtimeNs);
    out.mtimeSec = sec;
    out.mtimeNsec = this.#nanoseconds(sec);
    sec = this.#seconds(stats.ctimeNs);
    out.ctimeSec = sec;
    out.ctimeNsec = this.#nanoseconds(sec);
    return stats;
  }

  /** `lstat(2)` as Node gives it; undefined for what is not there or cannot be reached. */
  rawStat(path: Uint8Array): BigIntStats | undefined {
    try {
      return lstatSync(path as Buffer, statOptions);
    } catch {
      // A component that is no directory, a name too long, no right to look: not there for us.
      return undefined;
    }
  }

  #low(value: bigint): number {
    this.#wide[0] = value;
    return this.#halves[0] as number;
  }

  /** Whole seconds of a time in nanoseconds, rounded down; leaves the time in the halves. */
  #seconds(ns: bigint): number {
    this.#wide[0] = ns;
    const low = this.#halves[0] as number;
    const high = (this.#halves[1] as number) | 0;
    // The sum is exact to 256 ns, so the quotient is off by one at most, at the edge of a second; then the
    // remainder, which is computed modulo 2^32, falls outside of 0 to 10^9.
    let sec = Math.floor((high * 0x1_0000_0000 + low) / 1e9);
    const rest = (low - Math.imul(sec, 1_000_000_000)) | 0;
    if (rest < 0) sec--;
    else if (rest >= 1_000_000_000) sec++;
    return sec;
  }

  /** What is left of the time last given to {@link #seconds}. */
  #nanoseconds(sec: number): number {
    return ((this.#halves[0] as number) - Math.imul(sec, 1_000_000_000)) | 0;
  }
}

/**
 * Opens a file for reading without following a link, waiting for a writer, or touching its access time.
 * @returns a descriptor, or a negative errno
 */
export function openForReading(path: Uint8Array): number {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  try {
    return openSync(path as Buffer, flags | constants.O_NOATIME);
  } catch (error) {
    // Only owners and root may leave the access time alone.
    if (errnoOf(error) !== errno.EPERM) return -errnoOf(error);
  }
  try {
    return openSync(path as Buffer, flags);
  } catch (error) {
    return -errnoOf(error);
  }
}

/**
 * Reads until `into` is full or the file ends; the number of bytes, or a negative errno.
 * @param size where the file is expected to end: a short read there is not asked about again
 */
export function readFully(fd: number, into: Uint8Array, offset: number, size: number): number {
  let done = 0;
  try {
    while (done < into.length) {
      const got = readSync(fd, into, done, into.length - done, offset + done);
      if (got === 0) break;
      done += got;
      if (offset + done === size) break;
    }
  } catch (error) {
    return done > 0 ? done : -errnoOf(error);
  }
  return done;
}

/** Closes a descriptor that was only read from. */
export function close(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // An error of a network file system: nothing was written, so nothing is lost.
  }
}

/** `lstat(2)` without 64-bit integers, which are exact but cost half as much again; undefined for what cannot be reached. */
function quickStat(path: Uint8Array): Stats | undefined {
  try {
    return lstatSync(path as Buffer, kindOptions);
  } catch {
    // A component that is no directory, a name too long, no right to look: not there for us.
    return undefined;
  }
}

function kindOfEntry(entry: Dirent): HostKind {
  if (entry.isFile()) return hostKind.file;
  if (entry.isDirectory()) return hostKind.directory;
  if (entry.isSymbolicLink()) return hostKind.link;
  if (entry.isFIFO()) return hostKind.fifo;
  if (entry.isSocket()) return hostKind.socket;
  if (entry.isCharacterDevice()) return hostKind.character;
  return entry.isBlockDevice() ? hostKind.block : hostKind.missing;
}

/** glibc's `dev_t` as the kernel's `new_encode_dev`. */
function encodeDevice(device: bigint): number {
  const major = Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n));
  const minor = Number((device & 0xffn) | ((device >> 12n) & 0xffffff00n));
  return ((minor & 0xff) | ((major & 0xfff) << 8) | ((minor & ~0xff) << 12)) >>> 0;
}

/** Mount points of this namespace, latin1; none when /proc is not there, as in some chroots. */
function readMountPoints(): Set<string> {
  try {
    return new Set(readMountTable().map(({ mountpointBytes }) => mountpointBytes));
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return new Set();
  }
}
