/** What statx(2) says of a file, as numbers. */
import { lowWord, statxMask, statxStruct } from './structs.js';

const o = statxStruct.offset;
const word = (offset: number): number => offset >> 2;
const high = 1 - lowWord;

/** The memory of one `struct statx`, read in place: it shows the last file that it was filled for. */
export class FileStatus {
  readonly memory = new Uint8Array(new ArrayBuffer(statxStruct.size));
  readonly #words = new Uint32Array(this.memory.buffer);
  readonly #signed = new Int32Array(this.memory.buffer);
  readonly #halves = new Uint16Array(this.memory.buffer);

  /** Type and permissions. */
  get mode(): number {
    return this.#halves[o.mode >> 1]!;
  }

  /** The type as `DT_*` (dirent.h). */
  get type(): number {
    return this.mode >>> 12;
  }

  get nlink(): number {
    return this.#words[word(o.nlink)]!;
  }

  get uid(): number {
    return this.#words[word(o.uid)]!;
  }

  get gid(): number {
    return this.#words[word(o.gid)]!;
  }

  /** Bytes; exact below 2^53. */
  get size(): number {
    return this.#wide(o.size);
  }

  /** Units of 512 bytes. */
  get blocks(): number {
    return this.#wide(o.blocks);
  }

  /** Bytes. */
  get blksize(): number {
    return this.#words[word(o.blksize)]!;
  }

  /** The kernel's 32-bit encoding of a device number (`new_encode_dev`). */
  get rdev(): number {
    const major = this.#words[word(o.rdev_major)]!;
    const minor = this.#words[word(o.rdev_minor)]!;
    return ((minor & 0xff) | ((major & 0xfff) << 8) | ((minor & ~0xff) << 12)) >>> 0;
  }

  /** Seconds since 1970, rounded down; nanoseconds behind that. */
  get atimeSec(): number {
    return this.#time(o.atime_sec);
  }

  get atimeNsec(): number {
    return this.#words[word(o.atime_nsec)]!;
  }

  get mtimeSec(): number {
    return this.#time(o.mtime_sec);
  }

  get mtimeNsec(): number {
    return this.#words[word(o.mtime_nsec)]!;
  }

  get ctimeSec(): number {
    return this.#time(o.ctime_sec);
  }

  get ctimeNsec(): number {
    return this.#words[word(o.ctime_nsec)]!;
  }

  /** Writes what tells this file from every other one, of now or before; see {@link FileIdentity}. */
  identify(into: FileIdentity): void {
    const words = this.#words;
    // An inode number is used again for another file, which then has been made at another time. Where the file system does not
    // say when, the last change of the inode has to do: it tells too many files apart rather than too few.
    const hasBirth = (words[word(o.mask)]! & statxMask.btime) !== 0;
    const since = word(hasBirth ? o.btime_sec : o.ctime_sec);
    into[0] = words[word(o.dev_major)]!;
    into[1] = words[word(o.dev_minor)]!;
    into[2] = words[word(o.ino) + lowWord]!;
    into[3] = words[word(o.ino) + high]!;
    into[4] = words[since + lowWord]!;
    into[5] = words[since + 2]!;
  }

  /** Whether {@link identify} would write the same. */
  is(identity: FileIdentity): boolean {
    const own = scratch;
    this.identify(own);
    return own.every((value, i) => value === identity[i]);
  }

  #wide(offset: number): number {
    const at = word(offset);
    return this.#words[at + high]! * 0x1_0000_0000 + this.#words[at + lowWord]!;
  }

  #time(offset: number): number {
    const at = word(offset);
    return this.#signed[at + high]! * 0x1_0000_0000 + this.#words[at + lowWord]!;
  }
}

/**
 * A file of the host, whatever its name: device (two numbers), inode number (two halves), and when it was made (seconds, the
 * lower half; nanoseconds).
 */
export type FileIdentity = Uint32Array;

/** Words of a {@link FileIdentity}; those before {@link inodeWords} say which inode it is, of all that are there at one time. */
export const identityWords = 6;
export const inodeWords = 4;

const scratch: FileIdentity = new Uint32Array(identityWords);
