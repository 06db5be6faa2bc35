/**
 * What the process that speaks with libfuse says: first, in one line of JSON, whether it has mounted; then to the thread that serves, over
 * two pipes, a request, to which there is a reply, one at a time. Numbers are little-endian.
 */
import { readSync, writeSync } from 'node:fs';
import { isRecord, parseJson } from '../../base/index.js';

/** How the attempt to mount went. */
export type BridgeStatus =
  | { readonly mounted: true }
  | {
      readonly mounted: false;
      /** `load`: fuse-native or its library is not there; `mount`: libfuse refused. */
      readonly failed: 'load' | 'mount';
      readonly message: string;
    };

/** Says it. */
export function writeBridgeStatus(fd: number, status: BridgeStatus): void {
  writeSync(fd, `${JSON.stringify(status)}\n`);
}

/** What has been said so far; undefined when that is no whole line, or nothing of the kind. */
export function readBridgeStatus(said: string): BridgeStatus | undefined {
  return said.includes('\n') ? parseJson(said, isBridgeStatus) : undefined;
}

function isBridgeStatus(value: unknown): value is BridgeStatus {
  if (!isRecord(value)) return false;
  const { mounted, failed, message } = value;
  if (mounted === true) return true;
  return mounted === false && (failed === 'load' || failed === 'mount') && typeof message === 'string';
}

/** Kinds of requests; the numbers are those of the kernel's opcodes (linux/fuse.h). */
export const requestKind = { getattr: 3, readlink: 5, read: 15, statfs: 17, readdir: 28 } as const;

/**
 * A request: length of the whole u32, kind u32, offset f64, size u32, then the path in UTF-8. Offset and size mean
 * something for `read` only.
 */
export const requestHead = { kind: 4, offset: 8, size: 16, bytes: 20 } as const;

/**
 * A reply: length of the whole u32, result i32, then
 *
 * - `getattr`: {@link statWords} words, as fuse-native wants them
 * - `statfs`: {@link statfsWords} words, likewise
 * - `readlink`: the target in UTF-8
 * - `read`: as many bytes as the result says
 * - `readdir`: for each entry mode u32, inode number u32, length of the name u8, the name in UTF-8
 *
 * The result is 0 (or a number of bytes), or, as libfuse has it, a negative errno with nothing behind it.
 */
export const replyHead = { result: 4, bytes: 8 } as const;

/** Words of a `struct stat`. */
export const statWords = 18;
/** Words of a `struct statvfs`. */
export const statfsWords = 11;

/** The other side has closed its end. */
export class PipeClosed extends Error {}

/** Reads whole frames from a pipe into a buffer that grows. Only one frame may be on its way at a time. */
export class FrameReader {
  /** The frame read last, and more behind it. */
  buffer: Buffer;
  readonly #fd: number;

  constructor(fd: number, capacity: number) {
    this.#fd = fd;
    this.buffer = Buffer.alloc(capacity);
  }

  /**
   * Waits for a frame; its length in bytes.
   *
   * @throws PipeClosed
   */
  read(): number {
    let got = this.#more(0);
    while (got < 4) got += this.#more(got);
    const length = this.buffer.readUInt32LE(0);
    if (length > this.buffer.length) {
      const larger = Buffer.alloc(length);
      this.buffer.copy(larger, 0, 0, got);
      this.buffer = larger;
    }
    while (got < length) got += this.#more(got);
    return length;
  }

  #more(at: number): number {
    const count = readSync(this.#fd, this.buffer, at, this.buffer.length - at, null);
    if (count === 0) throw new PipeClosed('closed');
    return count;
  }
}

/** Writes a whole frame. Throws EPIPE when nobody reads any more. */
export function writeFrame(fd: number, frame: Buffer, length: number): void {
  for (let at = 0; at < length;) at += writeSync(fd, frame, at, length - at);
}
