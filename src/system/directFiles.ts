/** {@link Files} by system calls. */
import { constants } from 'node:fs';
import { errno, type Errno } from '../base/index.js';
import { FileStatus } from './fileStatus.js';
import type { DirectoryEntries, Files } from './files.js';
import { callNumber, openFlag, type Address, type Library, type NativeFunction } from './library.js';
import { at, dirent64, openHow, resolve, statxMask } from './structs.js';

/** Longer paths cannot be named to Linux (PATH_MAX). */
const longestPath = 4096;
const longestName = 255;
/** As much of a directory as is read at once. */
const listingBytes = 1 << 16;
/** Directories that are kept open, so that files in them are named by their last component. */
const openDirectories = 32;
/** How long a directory is believed to be the one that its path leads to. */
const directoryFreshMs = 1000;

const slash = 0x2f;
const dot = 0x2e;

const nofollow = constants.O_NOFOLLOW | openFlag.closeOnExec;
const forDirectory = openFlag.path | constants.O_DIRECTORY | nofollow;
const forReading = constants.O_RDONLY | constants.O_NONBLOCK | nofollow;

interface OpenDirectory {
  readonly path: Uint8Array;
  readonly fd: number;
  readonly openedAt: number;
}

export class DirectFiles implements Files {
  readonly isExact = true;
  readonly status = new FileStatus();
  readonly #library: Library;
  readonly #statx: NativeFunction;
  readonly #openat: NativeFunction;
  readonly #readlinkat: NativeFunction;
  readonly #pread: NativeFunction;
  /** Not Node's: in a worker that counts what it has opened itself. */
  readonly #close: NativeFunction;
  readonly #getxattr: NativeFunction;
  readonly #listxattr: NativeFunction;
  readonly #syscall: NativeFunction;
  readonly #getdents: number;
  /** The kernel has openat2(2), so far as we know. */
  #hasOpenat2 = true;

  // Memory that is handed to the kernel; the addresses are those of these three.
  readonly #path = new Uint8Array(longestPath + 1);
  readonly #how = new BigUint64Array(openHow.size / 8);
  readonly #listing = new Uint8Array(listingBytes);
  readonly #pathAt: Address;
  readonly #howAt: Address;
  readonly #statusAt: Address;
  readonly #listingAt: Address;
  readonly #listingView = new DataView(this.#listing.buffer);

  /** In the order of their last use. */
  readonly #directories = new Map<string, OpenDirectory>();
  #last: OpenDirectory | undefined;

  /** @throws Error when the machine or its C library lacks one of the calls */
  constructor(library: Library) {
    this.#library = library;
    const number = callNumber('getdents64');
    if (number === undefined) throw new Error(`the system calls of ${process.arch} are not known`);
    this.#getdents = number;
    const call = library.function.bind(library);
    this.#statx = call('statx', 'int', ['int', 'intptr_t', 'int', 'uint', 'intptr_t']);
    this.#openat = call('openat', 'int', ['int', 'intptr_t', 'int', 'int']);
    this.#readlinkat = call('readlinkat', 'long', ['int', 'intptr_t', 'intptr_t', 'size_t']);
    this.#pread = call('pread64', 'long', ['int', 'void *', 'size_t', 'int64_t']);
    this.#close = call('close', 'int', ['int']);
    this.#getxattr = call('getxattr', 'long', ['void *', 'void *', 'void *', 'size_t']);
    this.#listxattr = call('listxattr', 'long', ['void *', 'void *', 'size_t']);
    this.#syscall = call('syscall', 'long', ['long', 'long', 'intptr_t', 'intptr_t', 'long']);
    this.#pathAt = library.address(this.#path);
    this.#howAt = library.address(new Uint8Array(this.#how.buffer));
    this.#statusAt = library.address(this.status.memory);
    this.#listingAt = library.address(this.#listing);
  }

  stat(path: Uint8Array): Errno {
    const directory = this.#enter(path);
    return directory < 0 ? -directory : this.#stat(directory, at.symlinkNofollow);
  }

  statOpen(fd: number): Errno {
    this.#path[0] = 0;
    return this.#stat(fd, at.emptyPath);
  }

  #stat(directory: number, flags: number): Errno {
    const mask = statxMask.basic | statxMask.btime;
    const result = this.#statx(directory, this.#pathAt, flags | at.noAutomount, mask, this.#statusAt);
    return result < 0 ? this.#library.errno() : 0;
  }

  readlink(path: Uint8Array): Uint8Array | undefined {
    const directory = this.#enter(path);
    if (directory < 0) return undefined;
    // The name is not needed behind the call, and a target is no longer than a path.
    const length = this.#readlinkat(directory, this.#pathAt, this.#listingAt, longestPath);
    return length < 0 ? undefined : this.#listing.slice(0, length);
  }

  list(path: Uint8Array): DirectoryEntries | undefined {
    const directory = this.#enter(path);
    if (directory < 0) return undefined;
    const fd = this.#openat(
      directory,
      this.#pathAt,
      constants.O_RDONLY | constants.O_DIRECTORY | nofollow,
      0,
    );
    if (fd < 0) return undefined;
    try {
      return this.#list(fd, path);
    } finally {
      this.#close(fd);
    }
  }

  #list(fd: number, path: Uint8Array): DirectoryEntries | undefined {
    const { reclen, type, name } = dirent64.offset;
    const bytes = this.#listing;
    let names = new Uint8Array(1024);
    let end = 0;
    const ends: number[] = [0];
    const types: number[] = [];
    const unknown: number[] = [];
    for (;;) {
      const length = this.#syscall(this.#getdents, fd, this.#listingAt, listingBytes, 0);
      if (length < 0) return undefined;
      if (length === 0) break;
      for (let record = 0; record < length;) {
        const size = this.#listingView.getUint16(record + reclen, littleEndian);
        const start = record + name;
        let stop = start;
        while (bytes[stop] !== 0) stop++;
        if (!isDots(bytes, start, stop)) {
          while (end + stop - start > names.length) {
            const larger = new Uint8Array(names.length * 4);
            larger.set(names);
            names = larger;
          }
          for (let i = start; i < stop; i++) names[end++] = bytes[i] as number;
          const kind = bytes[record + type] as number;
          if (kind === 0) unknown.push(types.length);
          types.push(kind);
          ends.push(end);
        }
        record += size;
      }
    }
    const listing = {
      names: names.subarray(0, end),
      bounds: Uint32Array.from(ends),
      kinds: Uint8Array.from(types),
    };
    for (const i of unknown) listing.kinds[i] = this.#typeOf(path, listing, i);
    return listing;
  }

  /** Some file systems do not tell types in listings. */
  #typeOf(directory: Uint8Array, { names, bounds }: DirectoryEntries, i: number): number {
    const path = Buffer.concat([directory, Buffer.from('/'), names.subarray(bounds[i], bounds[i + 1])]);
    return this.stat(path) === 0 ? this.status.type : 0;
  }

  open(path: Uint8Array): number {
    const directory = this.#enter(path);
    if (directory < 0) return directory;
    const fd = this.#openat(directory, this.#pathAt, forReading | constants.O_NOATIME, 0);
    if (fd >= 0) return fd;
    const code = this.#library.errno();
    // Only owners and root may leave the access time alone.
    if (code !== errno.EPERM) return -code;
    const plain = this.#openat(directory, this.#pathAt, forReading, 0);
    return plain < 0 ? -this.#library.errno() : plain;
  }

  close(fd: number): void {
    // An error of a network file system: nothing was written, so nothing is lost.
    this.#close(fd);
  }

  read(fd: number, into: Uint8Array, offset: number): number {
    let done = 0;
    while (done < into.length) {
      const rest = done === 0 ? into : into.subarray(done);
      const got = this.#pread(fd, rest, rest.length, offset + done);
      if (got < 0) {
        const code = this.#library.errno();
        if (code === errno.EINTR) continue;
        return done > 0 ? done : -code;
      }
      done += got;
      // A file gives less than asked for only at its end.
      if (got < rest.length) break;
    }
    return done;
  }

  attribute(path: Uint8Array, name: Uint8Array, into: Uint8Array): number {
    const terminated = Buffer.concat([name, Buffer.alloc(1)]);
    return this.#atFile(path, (file) => this.#getxattr(file, terminated, into, into.length));
  }

  attributeNames(path: Uint8Array, into: Uint8Array): number {
    return this.#atFile(path, (file) => this.#listxattr(file, into, into.length));
  }

  /** Calls with a path that leads to the very file that is at a path now, even if that is a link. */
  #atFile(path: Uint8Array, call: (file: Uint8Array) => number): number {
    const directory = this.#enter(path);
    if (directory < 0) return directory;
    const fd = this.#openat(directory, this.#pathAt, openFlag.path | nofollow, 0);
    if (fd < 0) return -this.#library.errno();
    try {
      const result = call(Buffer.from(`/proc/self/fd/${fd}\0`));
      return result < 0 ? -this.#library.errno() : result;
    } finally {
      this.#close(fd);
    }
  }

  forget(): void {
    this.#last = undefined;
    for (const { fd } of this.#directories.values()) this.#close(fd);
    this.#directories.clear();
  }

  /**
   * Leaves the last component of a path in memory, and returns the directory in which it is to be looked up, or a negative
   * errno.
   */
  #enter(path: Uint8Array): number {
    const name = path.lastIndexOf(slash) + 1;
    const length = path.length - name;
    if (length > longestName) return -errno.ENAMETOOLONG;
    const directory = name <= 1 ? rootOnly : path.subarray(0, name - 1);
    const fd = this.#directory(directory);
    if (fd < 0) return fd;
    const own = this.#path;
    if (length === 0) own[0] = dot;
    else for (let i = 0; i < length; i++) own[i] = path[name + i] as number;
    own[length === 0 ? 1 : length] = 0;
    return fd;
  }

  #directory(path: Uint8Array): number {
    const now = performance.now();
    const last = this.#last;
    if (last !== undefined && isSame(last.path, path) && now - last.openedAt < directoryFreshMs)
      return last.fd;
    const key = latin1(path);
    const known = this.#directories.get(key);
    if (known !== undefined) {
      this.#directories.delete(key);
      if (now - known.openedAt < directoryFreshMs) {
        this.#directories.set(key, known);
        this.#last = known;
        return known.fd;
      }
      this.#close(known.fd);
    } else if (this.#directories.size >= openDirectories) {
      const [oldest] = this.#directories;
      if (oldest !== undefined) {
        this.#directories.delete(oldest[0]);
        this.#close(oldest[1].fd);
      }
    }
    this.#last = undefined;
    const fd = this.#openDirectory(path);
    if (fd < 0) return fd;
    const opened: OpenDirectory = { path: new Uint8Array(path), fd, openedAt: now };
    this.#directories.set(key, opened);
    this.#last = opened;
    return fd;
  }

  /** Opens a directory without following a link anywhere in its path. */
  #openDirectory(path: Uint8Array): number {
    if (path.length >= longestPath) return -errno.ENAMETOOLONG;
    if (this.#hasOpenat2) {
      this.#path.set(path);
      this.#path[path.length] = 0;
      this.#how[0] = BigInt(forDirectory);
      this.#how[2] = BigInt(resolve.noMagicLinks | resolve.noSymlinks);
      const number = callNumber('openat2') as number;
      const fd = this.#syscall(number, at.fdcwd, this.#pathAt, this.#howAt, openHow.size);
      if (fd >= 0) return fd;
      const code = this.#library.errno();
      // Before Linux 5.6, and in containers whose filters do not know it.
      if (code !== errno.ENOSYS && code !== errno.EPERM) return -code;
      this.#hasOpenat2 = false;
    }
    return this.#walk(path);
  }

  #walk(path: Uint8Array): number {
    let fd = this.#openComponent(at.fdcwd, rootOnly);
    for (let start = 1; fd >= 0 && start < path.length;) {
      let end = path.indexOf(slash, start);
      if (end < 0) end = path.length;
      if (end > start) {
        const next = this.#openComponent(fd, path.subarray(start, end));
        this.#close(fd);
        fd = next;
      }
      start = end + 1;
    }
    return fd;
  }

  #openComponent(directory: number, name: Uint8Array): number {
    this.#path.set(name);
    this.#path[name.length] = 0;
    const fd = this.#openat(directory, this.#pathAt, forDirectory, 0);
    return fd < 0 ? -this.#library.errno() : fd;
  }
}

const rootOnly = Uint8Array.of(slash);
const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  // Directories with the same beginning differ at their end.
  for (let i = a.length - 1; i >= 0; i--) if (a[i] !== b[i]) return false;
  return true;
}

function isDots(bytes: Uint8Array, start: number, end: number): boolean {
  return bytes[start] === dot && (end - start === 1 || (end - start === 2 && bytes[start + 1] === dot));
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
