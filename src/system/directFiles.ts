/** {@link Files} by system calls. */
import { constants } from 'node:fs';
import { errno, type Errno, failure, failureOf, type Outcome } from '../base/index.js';
import { FileStatus } from './fileStatus.js';
import { Failures, type DirectoryEntries, type Files } from './files.js';
import { callNumber, openFlag, type Address, type Library, type NativeFunction } from './library.js';
import { at, dirent64, openHow, resolve, statxMask } from './structs.js';

/** Longer paths cannot be named to Linux (PATH_MAX). */
const longestPath = 4096;
const longestName = 255;
/** As much of a directory as is read at once. */
const listingBytes = 1 << 16;
/** Directories that are kept open at most, so that files in them are named by their last component. */
const openDirectories = 1024;
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
  readonly failures = new Failures();
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
  readonly #how = howToOpenDirectories();
  readonly #listing = new Uint8Array(listingBytes);
  readonly #pathAt: Address;
  readonly #howAt: Address;
  readonly #statusAt: Address;
  readonly #listingAt: Address;
  readonly #listingView = new DataView(this.#listing.buffer);

  /** By a hash of the path, in the order in which they were opened. */
  readonly #directories = new Map<number, OpenDirectory>();
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
    return directory < 0 ? failureOf(directory) : this.#stat(directory, at.symlinkNofollow);
  }

  statOpen(fd: number): Errno {
    this.#path[0] = 0;
    return this.#stat(fd, at.emptyPath);
  }

  #stat(directory: number, flags: number): Errno {
    const mask = statxMask.basic | statxMask.btime;
    const result = this.#statx(directory, this.#pathAt, flags | at.noAutomount, mask, this.#statusAt);
    return result < 0 ? this.#failed() : 0;
  }

  /** What the last call failed with. */
  #failed(): Errno {
    return this.failures.note(this.#library.errno());
  }

  readlink(path: Uint8Array): Uint8Array | undefined {
    const directory = this.#enter(path);
    if (directory < 0) return undefined;
    // The name is not needed behind the call, and a target is no longer than a path.
    const length = this.#readlinkat(directory, this.#pathAt, this.#listingAt, longestPath);
    if (length < 0) {
      this.#failed();
      return undefined;
    }
    return this.#listing.slice(0, length);
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
    if (fd < 0) {
      this.#failed();
      return undefined;
    }
    try {
      return this.#list(fd, path);
    } finally {
      this.#close(fd);
    }
  }

  #list(fd: number, path: Uint8Array): DirectoryEntries | undefined {
    const entries = new EntryCollector(this.#listing, this.#listingView);
    for (;;) {
      const length = this.#syscall(this.#getdents, fd, this.#listingAt, listingBytes, 0);
      if (length < 0) {
        this.#failed();
        return undefined;
      }
      if (length === 0) break;
      entries.take(length);
    }
    const listing = entries.all();
    if (entries.hasUnknown)
      listing.kinds.forEach((kind, i) => {
        if (kind === 0) listing.kinds[i] = this.#typeOf(path, listing, i);
      });
    return listing;
  }

  /** Some file systems do not tell types in listings. */
  #typeOf(directory: Uint8Array, { names, bounds }: DirectoryEntries, i: number): number {
    const path = Buffer.concat([directory, Buffer.from('/'), names.subarray(bounds[i], bounds[i + 1])]);
    return this.stat(path) === 0 ? this.status.type : 0;
  }

  open(path: Uint8Array): Outcome {
    const directory = this.#enter(path);
    if (directory < 0) return directory;
    const fd = this.#openat(directory, this.#pathAt, forReading | constants.O_NOATIME, 0);
    if (fd >= 0) return fd;
    const code = this.#library.errno();
    // Only owners and root may leave the access time alone.
    if (code === errno.EPERM) {
      const plain = this.#openat(directory, this.#pathAt, forReading, 0);
      return plain < 0 ? failure(this.#library.errno()) : plain;
    }
    if (code !== errno.EMFILE || this.#last === undefined) return failure(code);
    this.forget();
    return this.open(path);
  }

  close(fd: number): void {
    // An error of a network file system: nothing was written, so nothing is lost.
    this.#close(fd);
  }

  read(fd: number, into: Uint8Array, offset: number): Outcome {
    let done = 0;
    while (done < into.length) {
      const rest = done === 0 ? into : into.subarray(done);
      const got = this.#pread(fd, rest, rest.length, offset + done);
      if (got < 0) {
        const code = this.#library.errno();
        if (code === errno.EINTR) continue;
        return done > 0 ? done : failure(code);
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
    if (fd < 0) return failure(this.#library.errno());
    try {
      const result = call(Buffer.from(`/proc/self/fd/${fd}\0`));
      return result < 0 ? failure(this.#library.errno()) : result;
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
   * Leaves the last component of a path in memory, and returns the directory in which it is to be looked up, or a
   * failure.
   */
  #enter(path: Uint8Array): Outcome {
    let name = path.length;
    while (name > 0 && path[name - 1] !== slash) name--;
    const length = path.length - name;
    if (length > longestName) return failure(errno.ENAMETOOLONG);
    const fd = this.#directory(path, name <= 1 ? 1 : name - 1);
    if (fd < 0) {
      this.failures.note(failureOf(fd));
      return fd;
    }
    const own = this.#path;
    if (length === 0) own[0] = dot;
    else for (let i = 0; i < length; i++) own[i] = path[name + i]!;
    own[length === 0 ? 1 : length] = 0;
    return fd;
  }

  /** The directory that the first `length` bytes of a path name. */
  #directory(path: Uint8Array, length: number): Outcome {
    const now = performance.now();
    const last = this.#last;
    if (last !== undefined && now - last.openedAt < directoryFreshMs && isAt(last, path, length))
      return last.fd;
    const directories = this.#directories;
    const hash = hashOf(path, length);
    const known = directories.get(hash);
    if (known !== undefined) {
      if (now - known.openedAt < directoryFreshMs && isAt(known, path, length))
        return (this.#last = known).fd;
      this.#drop(hash, known);
    }
    // What is not believed any more need not keep a file system busy.
    for (const [first, opened] of directories) {
      if (now - opened.openedAt < directoryFreshMs && directories.size < openDirectories) break;
      this.#drop(first, opened);
    }
    const copy = new Uint8Array(path.subarray(0, length));
    let fd = this.#openDirectory(copy);
    if (fd === failure(errno.EMFILE)) {
      this.forget();
      fd = this.#openDirectory(copy);
    }
    if (fd < 0) return fd;
    this.#last = { path: copy, fd, openedAt: now };
    directories.set(hash, this.#last);
    return fd;
  }

  #drop(hash: number, { fd }: OpenDirectory): void {
    this.#last = undefined;
    this.#directories.delete(hash);
    this.#close(fd);
  }

  /** Opens a directory without following a link anywhere in its path. */
  #openDirectory(path: Uint8Array): Outcome {
    if (path.length >= longestPath) return failure(errno.ENAMETOOLONG);
    if (this.#hasOpenat2) {
      this.#path.set(path);
      this.#path[path.length] = 0;
      const number = callNumber('openat2')!;
      const fd = this.#syscall(number, at.fdcwd, this.#pathAt, this.#howAt, openHow.size);
      if (fd >= 0) return fd;
      const code = this.#library.errno();
      // Before Linux 5.6, and in containers whose filters do not know it.
      if (code !== errno.ENOSYS && code !== errno.EPERM) return failure(code);
      this.#hasOpenat2 = false;
    }
    return this.#walk(path);
  }

  #walk(path: Uint8Array): Outcome {
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

  #openComponent(directory: number, name: Uint8Array): Outcome {
    this.#path.set(name);
    this.#path[name.length] = 0;
    const fd = this.#openat(directory, this.#pathAt, forDirectory, 0);
    return fd < 0 ? failure(this.#library.errno()) : fd;
  }
}

const rootOnly = Uint8Array.of(slash);
const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

function howToOpenDirectories(): BigUint64Array {
  const how = new BigUint64Array(openHow.size / 8);
  how[openHow.offset.flags / 8] = BigInt(forDirectory);
  how[openHow.offset.resolve / 8] = BigInt(resolve.noMagicLinks | resolve.noSymlinks);
  return how;
}

/** Whether the first `length` bytes of a path are those of an open directory. */
function isAt({ path: own }: OpenDirectory, path: Uint8Array, length: number): boolean {
  if (own.length !== length) return false;
  // Directories with the same beginning differ at their end.
  for (let i = length - 1; i >= 0; i--) if (own[i] !== path[i]) return false;
  return true;
}

/** FNV-1a. */
function hashOf(bytes: Uint8Array, length: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return hash;
}

const { reclen: reclenAt, type: typeAt, name: nameAt } = dirent64.offset;
/** The shortest record, that of a name of one byte: they begin at multiples of eight. */
const shortestRecord = 24;

/** Gathers what getdents64(2) gives, piece by piece. */
class EntryCollector {
  /** Some file systems do not tell types in listings. */
  hasUnknown = false;
  readonly #records: Uint8Array;
  readonly #view: DataView;
  #names = new Uint8Array(0);
  #bounds = new Uint32Array(1);
  #kinds = new Uint8Array(0);
  #count = 0;

  /** @param records where the records are */
  constructor(records: Uint8Array, view: DataView) {
    this.#records = records;
    this.#view = view;
  }

  /** Takes the records in so many bytes. */
  take(length: number): void {
    this.#makeRoom(length);
    const bytes = this.#records;
    const names = this.#names;
    const bounds = this.#bounds;
    let count = this.#count;
    let end = bounds[count]!;
    for (let record = 0; record < length;) {
      const start = end;
      for (let at = record + nameAt; bytes[at] !== 0; at++) names[end++] = bytes[at]!;
      if (names[start] === dot && (end - start === 1 || (end - start === 2 && names[start + 1] === dot))) {
        end = start;
      } else {
        const kind = bytes[record + typeAt]!;
        if (kind === 0) this.hasUnknown = true;
        this.#kinds[count] = kind;
        bounds[++count] = end;
      }
      record += this.#view.getUint16(record + reclenAt, littleEndian);
    }
    this.#count = count;
  }

  all(): DirectoryEntries {
    const count = this.#count;
    return {
      names: this.#names.slice(0, this.#bounds[count]),
      bounds: this.#bounds.slice(0, count + 1),
      kinds: this.#kinds.slice(0, count),
    };
  }

  /** Makes room for all that so many bytes of records can hold. */
  #makeRoom(length: number): void {
    const names = this.#bounds[this.#count]! + length;
    if (names > this.#names.length) {
      const larger = new Uint8Array(this.#count === 0 ? names : 2 * names);
      larger.set(this.#names);
      this.#names = larger;
    }
    const entries = this.#count + Math.ceil(length / shortestRecord);
    if (entries <= this.#kinds.length) return;
    const room = this.#count === 0 ? entries : 2 * entries;
    const bounds = new Uint32Array(room + 1);
    bounds.set(this.#bounds);
    this.#bounds = bounds;
    const kinds = new Uint8Array(room);
    kinds.set(this.#kinds);
    this.#kinds = kinds;
  }
}
