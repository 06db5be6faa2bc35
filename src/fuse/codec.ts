/**
 * Bytes to requests and results to bytes, for one thread. Both work on a buffer of their own that is used again
 * for every request, and make no garbage: no BigInt, no copies, no per-request objects. Structs are in host byte
 * order (linux/fuse.h), so 32-bit views of the buffers do, and 64-bit values are two words of them.
 *
 * Nothing here trusts the length fields of a request; nothing here knows what a request means.
 */
import { endianness } from 'node:os';
import { errno, Windows, type Errno, failure } from '../base/index.js';
import * as layout from './layout.js';
import {
  emptyEntry,
  type Attributes,
  type Caller,
  type DirectorySink,
  type Entry,
  type FilesystemStatistics,
  type Seconds,
} from './operations.js';

/** Index of the less significant word of a 64-bit value. */
const low = endianness() === 'LE' ? 0 : 1;
const high = 1 - low;
const two32 = 0x1_0000_0000;

/** Word index of a byte offset. */
const word = (byteOffset: number) => byteOffset >> 2;

const requestBodyAt = layout.inHeader.size;
const replyBodyAt = layout.outHeader.size;

const header = {
  opcode: word(layout.inHeader.offset.opcode),
  unique: word(layout.inHeader.offset.unique),
  nodeid: word(layout.inHeader.offset.nodeid),
  uid: word(layout.inHeader.offset.uid),
  gid: word(layout.inHeader.offset.gid),
  pid: word(layout.inHeader.offset.pid),
};

/** The shortest acceptable request by opcode: header, struct, and two bytes for each name. */
const shortestRequest = new Uint32Array(layout.opcodeLimit).fill(layout.inHeader.size);
for (const { number, request, names } of layout.opcodes) {
  const minor = number === 26 ? 1 : layout.oldestMinor;
  shortestRequest[number] = layout.inHeader.size + (request?.sizeAt(minor) ?? 0) + names * 2;
}

/** `NAME_MAX`: no directory entry is longer. */
const longestName = 255;

/**
 * Bytes of the request buffer. The kernel wants at least `FUSE_MIN_READ_BUFFER` (8192) and room for a write of
 * `max_write`; more only lets it put more into one BATCH_FORGET.
 */
const requestBufferBytes = 65_536;

/** In place of an errno: nobody is answered. */
export const noAnswer = -1;
export type NoAnswer = typeof noAnswer;

/** A request, decoded in place. Fields are valid after {@link decode} answered 0, until the next call of it. */
export class Request {
  /** Where requests are read into. */
  readonly buffer = Buffer.from(new ArrayBuffer(requestBufferBytes));
  readonly #words = new Uint32Array(this.buffer.buffer);
  // A name always starts behind the header.
  readonly #names = new Windows(this.buffer, requestBodyAt);
  readonly caller: Caller = { uid: 0, gid: 0, pid: 0 };
  length = 0;
  opcode = 0;
  node = 0;

  /**
   * Checks and decodes the header of a request of `length` bytes in {@link buffer}. 0, the errno to answer with,
   * or {@link noAnswer} when it cannot even be answered.
   */
  decode(length: number): Errno | NoAnswer {
    const words = this.#words;
    this.length = length;
    this.opcode = 0;
    this.node = 0;
    if (length < layout.inHeader.size) return noAnswer;
    const opcode = words[header.opcode]!;
    this.opcode = opcode;
    if (words[0] !== length) return errno.EIO;
    if (opcode < layout.opcodeLimit && length < shortestRequest[opcode]!) return errno.EINVAL;
    const nodeHigh = words[header.nodeid + high]!;
    // Node ids are made here and stay below 2^53; any other was never handed out.
    if (nodeHigh >= 0x20_0000) return errno.ESTALE;
    this.node = nodeHigh * two32 + words[header.nodeid + low]!;
    this.caller.uid = words[header.uid]!;
    this.caller.gid = words[header.gid]!;
    this.caller.pid = words[header.pid]!;
    return 0;
  }

  /** The two words of `unique`, as they lie in memory. */
  copyUniqueTo(words: Uint32Array, at: number): void {
    words[at] = this.#words[header.unique]!;
    words[at + 1] = this.#words[header.unique + 1]!;
  }

  /** A 32-bit field at `offset` bytes in the request's struct; within {@link decode}'s minimum for the opcode. */
  u32(offset: number): number {
    return this.#words[word(requestBodyAt + offset)]!;
  }

  /** A 64-bit field in the same way; -1 when it is 2^53 or more. */
  u64(offset: number): number {
    const at = word(requestBodyAt + offset);
    const upper = this.#words[at + high]!;
    return upper >= 0x20_0000 ? -1 : upper * two32 + this.#words[at + low]!;
  }

  /**
   * The name that follows the header at once (LOOKUP): a view that is valid until the next request. Undefined
   * when it is empty, longer than {@link longestName}, or not ended by the request's only NUL.
   */
  name(): Buffer | undefined {
    const length = this.length - requestBodyAt - 1;
    if (length < 1 || length > longestName) return undefined;
    return this.#ended(this.#names.of(length));
  }

  /** The same for a name that follows a struct of `size` bytes. */
  nameBehind(size: number): Buffer | undefined {
    const start = requestBodyAt + size;
    const length = this.length - start - 1;
    if (length < 1 || length > longestName) return undefined;
    return this.#ended(this.buffer.subarray(start, start + length));
  }

  #ended(name: Buffer): Buffer | undefined {
    if (this.buffer[this.length - 1] !== 0) return undefined;
    for (let i = 0; i < name.length; i++) if (name[i] === 0) return undefined;
    return name;
  }
}

function put64(words: Uint32Array, at: number, value: number): void {
  // A store into a Uint32Array takes the value modulo 2^32, for negative ones as two's complement.
  words[at + low] = value;
  words[at + high] = value >= 0 && value < two32 ? 0 : Math.floor(value / two32);
}

/** A validity of `struct fuse_entry_out` or `fuse_attr_out`: negative and NaN count as 0. */
function putValidity(words: Uint32Array, secondsAt: number, nanosecondsAt: number, value: Seconds): void {
  const whole = value >= two32 ? two32 - 1 : Math.floor(value);
  if (!(whole >= 0)) {
    put64(words, secondsAt, 0);
    words[nanosecondsAt] = 0;
    return;
  }
  words[secondsAt + low] = whole;
  words[secondsAt + high] = 0;
  words[nanosecondsAt] = value === whole ? 0 : Math.min((value - whole) * 1e9, 999_999_999);
}

const a = layout.attr.offset;

function putAttributes(words: Uint32Array, at: number, value: Attributes): void {
  put64(words, at + word(a.ino), value.ino);
  put64(words, at + word(a.size), value.size);
  put64(words, at + word(a.blocks), value.blocks);
  put64(words, at + word(a.atime), value.atimeSec);
  put64(words, at + word(a.mtime), value.mtimeSec);
  put64(words, at + word(a.ctime), value.ctimeSec);
  words[at + word(a.atimensec)] = value.atimeNsec;
  words[at + word(a.mtimensec)] = value.mtimeNsec;
  words[at + word(a.ctimensec)] = value.ctimeNsec;
  words[at + word(a.mode)] = value.mode;
  words[at + word(a.nlink)] = value.nlink;
  words[at + word(a.uid)] = value.uid;
  words[at + word(a.gid)] = value.gid;
  words[at + word(a.rdev)] = value.rdev;
  words[at + word(a.blksize)] = value.blksize;
  words[at + word(a.flags)] = 0;
}

const e = layout.entryOut.offset;
const entryWords = word(layout.entryOut.size);

function putEntry(words: Uint32Array, at: number, entry: Entry): void {
  put64(words, at + word(e.nodeid), entry.nodeId);
  words[at + word(e.generation)] = 0;
  words[at + word(e.generation) + 1] = 0;
  putValidity(words, at + word(e.entry_valid), at + word(e.entry_valid_nsec), entry.entryValid);
  putValidity(words, at + word(e.attr_valid), at + word(e.attr_valid_nsec), entry.attrValid);
  putAttributes(words, at + word(e.attr), entry.attr);
}

const d = layout.dirent.offset;

/** Writes the records of READDIR and READDIRPLUS behind the header of a reply. */
class Listing implements DirectorySink {
  wantsAttributes = false;
  readonly entry = emptyEntry();
  /** Where the next record starts, in bytes from the start of the reply. */
  end = replyBodyAt;
  #limit = replyBodyAt;

  constructor(
    private readonly bytes: Buffer,
    private readonly words: Uint32Array,
  ) {}

  /** Starts a listing of at most `size` bytes. */
  begin(size: number, wantsAttributes: boolean): void {
    this.wantsAttributes = wantsAttributes;
    this.end = replyBodyAt;
    this.#limit = replyBodyAt + size;
  }

  /** True as long as nothing was taken. */
  get isEmpty(): boolean {
    return this.end === replyBodyAt;
  }

  add(name: Uint8Array, ino: number, type: number, nextOffset: number): boolean {
    let at = this.end;
    if (this.wantsAttributes) {
      if (!this.#fits(name, layout.direntplus.size)) return false;
      // A node id of 0 says here that there are no attributes, not that there is no file.
      this.words.fill(0, word(at), word(at) + entryWords);
      at += layout.entryOut.size;
    } else if (!this.#fits(name, layout.dirent.size)) {
      return false;
    }
    this.#putDirent(at, name, ino, type, nextOffset);
    return true;
  }

  addWithAttributes(name: Uint8Array, nextOffset: number): boolean {
    const { entry } = this;
    const { ino, mode } = entry.attr;
    if (!this.wantsAttributes) return this.add(name, ino, (mode >> 12) & 15, nextOffset);
    if (!this.#fits(name, layout.direntplus.size)) return false;
    putEntry(this.words, word(this.end), entry);
    this.#putDirent(this.end + layout.entryOut.size, name, ino, (mode >> 12) & 15, nextOffset);
    return true;
  }

  #fits(name: Uint8Array, recordBytes: number): boolean {
    return this.end + ((recordBytes + name.length + 7) & ~7) <= this.#limit;
  }

  #putDirent(at: number, name: Uint8Array, ino: number, type: number, nextOffset: number): void {
    const { bytes, words } = this;
    const { length } = name;
    if (length < 1 || length > longestName) throw new RangeError(`a directory entry of ${length} bytes`);
    const first = word(at);
    put64(words, first + word(d.ino), ino);
    put64(words, first + word(d.off), nextOffset);
    words[first + word(d.namelen)] = length;
    words[first + word(d.type)] = type;
    const nameAt = at + layout.dirent.size;
    const end = (nameAt + length + 7) & ~7;
    // The last two words first: they hold the padding.
    words[word(end) - 2] = 0;
    words[word(end) - 1] = 0;
    for (let i = 0; i < length; i++) {
      const byte = name[i]!;
      // The kernel would answer EIO for the whole listing.
      if (byte === 0x2f || byte === 0) throw new RangeError('a directory entry with a slash or a NUL');
      bytes[nameAt + i] = byte;
    }
    this.end = end;
  }
}

const s = layout.kstatfs.offset;

/** The reply to the request at hand. Every method but the listing's returns the number of bytes to be written. */
export class Reply {
  /** What is written to the device. */
  readonly buffer: Buffer;
  /** Where a listing's entries go; see {@link beginListing}. */
  readonly listing: Listing;
  readonly #words: Uint32Array;
  // Views of the data area by their size in pages: the kernel asks for whole pages, mostly few different numbers.
  readonly #windows: (Buffer | undefined)[] = [];

  /** `largest`: the most bytes that a reply carries behind its header, a multiple of 8. */
  constructor(readonly largest: number) {
    this.buffer = Buffer.from(new ArrayBuffer(replyBodyAt + largest));
    this.#words = new Uint32Array(this.buffer.buffer);
    this.listing = new Listing(this.buffer, this.#words);
  }

  /** Ends a reply with `size` bytes behind its header, which were put there already. */
  done(request: Request, size: number): number {
    const words = this.#words;
    words[0] = replyBodyAt + size;
    words[1] = 0;
    request.copyUniqueTo(words, 2);
    return replyBodyAt + size;
  }

  /** A failure, or with 0 an empty success. What is no errno of the kernel's becomes EIO. */
  error(request: Request, code: Errno): number {
    this.done(request, 0);
    // The kernel takes 1–511 only, and leaves a request with another errno unanswered.
    this.#words[1] = failure(code >= 0 && code < 512 ? code : errno.EIO);
    return replyBodyAt;
  }

  /** `struct fuse_entry_out`. */
  entry(request: Request, entry: Entry): number {
    const first = word(replyBodyAt);
    if (entry.nodeId === 0) {
      this.#words.fill(0, first, first + entryWords);
      putValidity(
        this.#words,
        first + word(e.entry_valid),
        first + word(e.entry_valid_nsec),
        entry.entryValid,
      );
    } else {
      putEntry(this.#words, first, entry);
    }
    return this.done(request, layout.entryOut.size);
  }

  /** `struct fuse_attr_out`. */
  attributes(request: Request, entry: Entry): number {
    const first = word(replyBodyAt);
    const { attr_valid, attr_valid_nsec, dummy, attr } = layout.attrOut.offset;
    putValidity(this.#words, first + word(attr_valid), first + word(attr_valid_nsec), entry.attrValid);
    this.#words[first + word(dummy)] = 0;
    putAttributes(this.#words, first + word(attr), entry.attr);
    return this.done(request, layout.attrOut.size);
  }

  /** `struct fuse_statfs_out`. */
  statistics(request: Request, value: FilesystemStatistics): number {
    const words = this.#words;
    const first = word(replyBodyAt);
    words.fill(0, first, first + word(layout.kstatfs.size));
    put64(words, first + word(s.blocks), value.blocks);
    put64(words, first + word(s.bfree), value.bfree);
    put64(words, first + word(s.bavail), value.bavail);
    put64(words, first + word(s.files), value.files);
    put64(words, first + word(s.ffree), value.ffree);
    words[first + word(s.bsize)] = value.bsize;
    words[first + word(s.namelen)] = value.namelen;
    words[first + word(s.frsize)] = value.frsize;
    return this.done(request, layout.kstatfs.size);
  }

  /** `struct fuse_open_out` without a handle. */
  opened(request: Request, openFlags: number): number {
    const first = word(replyBodyAt);
    this.#words.fill(0, first, first + word(layout.openOut.size));
    this.#words[first + word(layout.openOut.offset.open_flags)] = openFlags;
    return this.done(request, layout.openOut.size);
  }

  /** `struct fuse_getxattr_out`. */
  attributeSize(request: Request, size: number): number {
    const first = word(replyBodyAt);
    this.#words.fill(0, first, first + word(layout.getxattrOut.size));
    this.#words[first + word(layout.getxattrOut.offset.size)] = size;
    return this.done(request, layout.getxattrOut.size);
  }

  /** Raw bytes, such as the target of a symbolic link. */
  bytes(request: Request, value: Uint8Array): number {
    this.buffer.set(value, replyBodyAt);
    return this.done(request, value.length);
  }

  /** Where `size` bytes of data are to be put before {@link done}; valid until the next reply. */
  window(size: number): Buffer {
    const pages = size / 4096;
    if (!Number.isInteger(pages)) return this.buffer.subarray(replyBodyAt, replyBodyAt + size);
    return (this.#windows[pages] ??= this.buffer.subarray(replyBodyAt, replyBodyAt + size));
  }

  /** Empties {@link listing} for at most `size` bytes. */
  beginListing(size: number, wantsAttributes: boolean): DirectorySink {
    this.listing.begin(Math.min(size, this.largest), wantsAttributes);
    return this.listing;
  }

  /** Ends a reply with what {@link listing} took. */
  listed(request: Request): number {
    return this.done(request, this.listing.end - replyBodyAt);
  }

  /** `struct fuse_init_out`, or what of it exists at `minor`. */
  init(
    request: Request,
    value: {
      minor: number;
      maxReadahead: number;
      flags: readonly [number, number];
      maxBackground: number;
      congestionThreshold: number;
      maxWrite: number;
      maxPages: number;
    },
  ): number {
    const o = layout.initOut.offset;
    const at = replyBodyAt;
    const view = new DataView(this.buffer.buffer);
    const littleEndian = low === 0;
    this.buffer.fill(0, at, at + layout.initOut.size);
    view.setUint32(at + o.major, layout.protocolMajor, littleEndian);
    view.setUint32(at + o.minor, value.minor, littleEndian);
    view.setUint32(at + o.max_readahead, value.maxReadahead, littleEndian);
    view.setUint32(at + o.flags, value.flags[0], littleEndian);
    view.setUint16(at + o.max_background, value.maxBackground, littleEndian);
    view.setUint16(at + o.congestion_threshold, value.congestionThreshold, littleEndian);
    view.setUint32(at + o.max_write, value.maxWrite, littleEndian);
    view.setUint32(at + o.time_gran, 1, littleEndian);
    view.setUint16(at + o.max_pages, value.maxPages, littleEndian);
    view.setUint32(at + o.flags2, value.flags[1], littleEndian);
    return this.done(request, layout.initOut.sizeAt(value.minor));
  }
}

/** `struct fuse_notify_inval_inode_out` with its header; what {@link Notifier} writes. */
export function encodeInvalidateNode(node: number, offset: number, length: number): Buffer {
  const { ino, off, len } = layout.notifyInvalInodeOut.offset;
  const { buffer, words } = notification(layout.notifyCode.invalInode, layout.notifyInvalInodeOut.size);
  put64(words, word(replyBodyAt + ino), node);
  put64(words, word(replyBodyAt + off), offset);
  put64(words, word(replyBodyAt + len), length);
  return buffer;
}

/** `struct fuse_notify_inval_entry_out` with its header and the name, NUL included. */
export function encodeInvalidateEntry(parent: number, name: Uint8Array, flags: number): Buffer {
  const { size, offset } = layout.notifyInvalEntryOut;
  const { buffer, words } = notification(layout.notifyCode.invalEntry, size + name.length + 1);
  put64(words, word(replyBodyAt + offset.parent), parent);
  words[word(replyBodyAt + offset.namelen)] = name.length;
  words[word(replyBodyAt + offset.flags)] = flags;
  buffer.set(name, replyBodyAt + size);
  return buffer;
}

function notification(code: number, size: number): { buffer: Buffer; words: Uint32Array } {
  const memory = new ArrayBuffer((replyBodyAt + size + 7) & ~7);
  const words = new Uint32Array(memory);
  // A message that answers nothing has `unique` 0 and its code in place of the errno.
  words[0] = replyBodyAt + size;
  words[1] = code;
  return { buffer: Buffer.from(memory, 0, replyBodyAt + size), words };
}
