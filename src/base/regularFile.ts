/** Reading files that may turn out to be none: a FIFO would be waited for, a device read without end. */
import { closeSync, constants, fstatSync, openSync, readFileSync, readSync, type StatsBase } from 'node:fs';
import { OpenFile } from './openFile.js';

/** Flags with which opening waits for nobody; see open(2). Of regular files they change nothing. */
export const readingFlags = constants.O_RDONLY | constants.O_NONBLOCK;

/** An error like those of Node's system calls, with a `code`. */
export function systemError(code: string, message: string): Error {
  return Object.assign(new Error(`${code}: ${message}`), { code });
}

/**
 * Whether what was opened is a regular file.
 *
 * @throws EISDIR, or EINVAL for what is neither file nor directory
 */
export function checkRegular(stat: StatsBase<number | bigint>): void {
  if (stat.isDirectory()) throw systemError('EISDIR', 'is a directory');
  if (!stat.isFile()) throw systemError('EINVAL', 'is not a regular file');
}

/**
 * The last `limit` bytes of a regular file, links to it followed; all of a smaller one.
 *
 * @throws what open(2) and read(2) say
 */
export function readEnd(path: string, limit: number): Buffer {
  using file = new OpenFile(path, readingFlags);
  const { size } = fstatSync(file.fd);
  const data = Buffer.alloc(Math.min(size, limit));
  return data.subarray(0, readSync(file.fd, data, 0, data.length, size - data.length));
}

/** The first bytes of a file in the same way. */
export function readBeginning(path: string | Buffer, limit: number): Buffer {
  using file = new OpenFile(path, readingFlags);
  const data = Buffer.allocUnsafe(Math.min(fstatSync(file.fd).size, limit));
  return data.subarray(0, readSync(file.fd, data, 0, data.length, 0));
}

/**
 * All of a regular file, links to it followed.
 *
 * @param limit bytes at most
 * @throws EFBIG, when there are more; EISDIR, or EINVAL for what is no file; else what open(2) and read(2) say
 */
export function readRegularFile(path: string, limit: number): Buffer {
  using file = new OpenFile(path, readingFlags);
  const stat = fstatSync(file.fd);
  checkRegular(stat);
  if (stat.size > limit) throw systemError('EFBIG', `is larger than ${limit} bytes`);
  // One that tells no size, as in /proc, or grows meanwhile, is read until it ends.
  const data = Buffer.allocUnsafe(stat.size + 1);
  const length = stat.size === 0 ? -1 : readSync(file.fd, data, 0, data.length, 0);
  return length === stat.size ? data.subarray(0, length) : readFileSync(file.fd);
}

/** As much of a stream as is read at once. */
const chunkBytes = 1 << 20;

/**
 * All of what a user has named for its content, which may be a pipe: then whoever writes to it is waited for.
 *
 * @param source a path, or a descriptor, which stays open
 * @param limit bytes at most
 * @throws EFBIG when there are more; else what open(2) and read(2) say
 */
export function readNamed(source: string | number, limit: number): Buffer {
  const fd = typeof source === 'number' ? source : openSync(source, 'r');
  try {
    const chunk = Buffer.allocUnsafe(chunkBytes);
    const chunks: Buffer[] = [];
    let size = 0;
    for (;;) {
      const length = readSync(fd, chunk, 0, chunkBytes, null);
      if (length === 0) return Buffer.concat(chunks, size);
      size += length;
      if (size > limit) throw systemError('EFBIG', `is larger than ${limit} bytes`);
      chunks.push(Buffer.from(chunk.subarray(0, length)));
    }
  } finally {
    if (fd !== source) closeSync(fd);
  }
}
