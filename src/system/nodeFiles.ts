/** {@link Files} by Node's `fs`, for machines on which no system calls can be made. */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type BigIntStats,
  type Dirent,
} from 'node:fs';
import { errno, errnoOf, type Errno, failure } from '../base/index.js';
import { FileStatus } from './fileStatus.js';
import { Failures, type DirectoryEntries, type Files } from './files.js';
import { statxMask, statxStruct } from './structs.js';

const statOptions = { bigint: true, throwIfNoEntry: false } as const;

/** The same bytes as Node wants them. */
function asBuffer(path: Uint8Array): Buffer {
  return Buffer.from(path.buffer, path.byteOffset, path.length);
}

export class NodeFiles implements Files {
  readonly isExact = false;
  readonly status = new FileStatus();
  readonly failures = new Failures();
  readonly #memory = new DataView(this.status.memory.buffer);

  stat(path: Uint8Array): Errno {
    try {
      const stats = lstatSync(asBuffer(path), statOptions);
      if (stats === undefined) return errno.ENOENT;
      this.#take(stats);
      return 0;
    } catch (error) {
      return this.failures.note(errnoOf(error));
    }
  }

  statOpen(fd: number): Errno {
    try {
      this.#take(fstatSync(fd, { bigint: true }));
      return 0;
    } catch (error) {
      return this.failures.note(errnoOf(error));
    }
  }

  #take(stats: BigIntStats): void {
    const { offset } = statxStruct;
    const u32 = (at: number, value: bigint): void => this.#memory.setUint32(at, Number(value), littleEndian);
    const u64 = (at: number, value: bigint): void =>
      this.#memory.setBigUint64(at, BigInt.asUintN(64, value), littleEndian);
    const time = (seconds: number, nanoseconds: number, ns: bigint): void => {
      const rest = ((ns % billion) + billion) % billion;
      u64(seconds, (ns - rest) / billion);
      u32(nanoseconds, rest);
    };
    u32(offset.mask, BigInt(statxMask.basic | (stats.birthtimeNs > 0n ? statxMask.btime : 0)));
    u32(offset.blksize, stats.blksize);
    u32(offset.nlink, stats.nlink);
    u32(offset.uid, stats.uid);
    u32(offset.gid, stats.gid);
    this.#memory.setUint16(offset.mode, Number(stats.mode), littleEndian);
    u64(offset.ino, stats.ino);
    u64(offset.size, stats.size);
    u64(offset.blocks, stats.blocks);
    time(offset.atime_sec, offset.atime_nsec, stats.atimeNs);
    time(offset.btime_sec, offset.btime_nsec, stats.birthtimeNs);
    time(offset.ctime_sec, offset.ctime_nsec, stats.ctimeNs);
    time(offset.mtime_sec, offset.mtime_nsec, stats.mtimeNs);
    u32(offset.rdev_major, majorOf(stats.rdev));
    u32(offset.rdev_minor, minorOf(stats.rdev));
    u32(offset.dev_major, majorOf(stats.dev));
    u32(offset.dev_minor, minorOf(stats.dev));
  }

  readlink(path: Uint8Array): Uint8Array | undefined {
    try {
      return readlinkSync(asBuffer(path), 'buffer');
    } catch (error) {
      // Not a link, gone, or unreadable: all the same here.
      this.failures.note(errnoOf(error));
      return undefined;
    }
  }

  list(path: Uint8Array): DirectoryEntries | undefined {
    let entries: Dirent[];
    try {
      entries = readdirSync(asBuffer(path), { withFileTypes: true, encoding: 'latin1' });
    } catch (error) {
      // Not a directory, gone, or unreadable: all the same here.
      this.failures.note(errnoOf(error));
      return undefined;
    }
    const bounds = new Uint32Array(entries.length + 1);
    let text = '';
    entries.forEach(({ name }, i) => {
      text += name;
      bounds[i + 1] = text.length;
    });
    return { names: Buffer.from(text, 'latin1'), bounds, kinds: Uint8Array.from(entries, typeOf) };
  }

  open(path: Uint8Array): number {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    try {
      return openSync(asBuffer(path), flags | constants.O_NOATIME);
    } catch (error) {
      // Only owners and root may leave the access time alone.
      if (errnoOf(error) !== errno.EPERM) return failure(errnoOf(error));
    }
    try {
      return openSync(asBuffer(path), flags);
    } catch (error) {
      return failure(errnoOf(error));
    }
  }

  close(fd: number): void {
    try {
      closeSync(fd);
    } catch {
      // An error of a network file system: nothing was written, so nothing is lost.
    }
  }

  read(fd: number, into: Uint8Array, offset: number): number {
    let done = 0;
    try {
      while (done < into.length) {
        const wanted = into.length - done;
        const got = readSync(fd, into, done, wanted, offset + done);
        done += got;
        if (got < wanted) break;
      }
    } catch (error) {
      return done > 0 ? done : failure(errnoOf(error));
    }
    return done;
  }

  attribute(): number {
    return failure(errno.EOPNOTSUPP);
  }

  attributeNames(): number {
    return failure(errno.EOPNOTSUPP);
  }

  forget(): void {
    // Nothing is remembered.
  }
}

const billion = 1_000_000_000n;
const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

function typeOf(entry: Dirent): number {
  const { S_IFREG, S_IFDIR, S_IFLNK, S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK } = constants;
  const mode = entry.isFile()
    ? S_IFREG
    : entry.isDirectory()
      ? S_IFDIR
      : entry.isSymbolicLink()
        ? S_IFLNK
        : entry.isFIFO()
          ? S_IFIFO
          : entry.isSocket()
            ? S_IFSOCK
            : entry.isCharacterDevice()
              ? S_IFCHR
              : entry.isBlockDevice()
                ? S_IFBLK
                : 0;
  return mode >>> 12;
}

// glibc's `dev_t` (bits/sysmacros.h).
function majorOf(device: bigint): bigint {
  return ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n);
}

function minorOf(device: bigint): bigint {
  return (device & 0xffn) | ((device >> 12n) & 0xffffff00n);
}
