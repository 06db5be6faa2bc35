/**
 * The saved index: one file, never changed in place. It is written beside and renamed, so several lvfs processes need no
 * lock; each reads a whole file or makes its own index, and the last one to save wins. No fsync: what a power failure cut
 * short or left as zeros fails a checksum.
 *
 *   magic (8 bytes), length of the header (u32), its CRC-32 (u32), the header (JSON), a CRC-32 for each block (u32), then
 *   the sections of the index and the table of directories, in the byte order of the machine that wrote them.
 *
 * Each section begins a new block; all blocks of a section but its last have {@link blockBytes}. Whatever is used of a
 * file has been compared with the checksum of its block, and those with the one in the header; any doubt means that the
 * file is not used.
 */
import * as fs from 'node:fs';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { distrust, type OpenFile, isRecord, openSaved, parseJson, replaceFile } from '../base/index.js';
import { decodeDirectories, encodeDirectories, type DirectoryTable } from './directoryTable.js';
import { isSound, sectionLengths, type IndexSections, type IndexSizes } from './pathIndex.js';

/** Bytes that have a checksum together: to read fewer is no faster, and summing takes 30 µs. */
export const blockBytes = 1 << 16;

const magic = Buffer.from('lvfs-ix\n');
const version = 2;
const preludeBytes = magic.length + 8;
const maxHeaderBytes = 4096;
/** What one thread reads at a time while others read and sum: whole blocks. */
const pieceBytes = 32 * blockBytes;

interface Header {
  readonly version: number;
  readonly isLittleEndian: boolean;
  readonly sizes: IndexSizes;
  readonly abandoned: number;
  /** Bytes of the table of directories. */
  readonly directoryBytes: number;
  /** The CRC-32 of the blocks' checksums. */
  readonly sums: number;
}

/** What a file holds. */
export interface SavedParts {
  readonly sizes: IndexSizes;
  readonly abandoned: number;
  readonly sections: IndexSections;
  readonly directories: DirectoryTable;
}

const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Why a file is not to be used: half a sentence. */
export class Doubt extends Error {}

/** An open file whose header and checksums are sound. */
export class IndexFile {
  readonly sizes: IndexSizes;
  readonly abandoned: number;
  /** Bytes of each section, the table of directories last. */
  readonly #lengths: readonly number[];
  readonly #file: OpenFile;
  readonly #sums: Uint32Array;
  /** Of each section: where it begins in the file, and which is its first block. */
  readonly #places: readonly { readonly start: number; readonly block: number }[];

  /**
   * @throws Doubt; or what the system says
   */
  constructor(path: string) {
    this.#file = openSaved(path);
    try {
      const { header, sums, bodyAt } = readHeader(this.#file.fd);
      this.sizes = header.sizes;
      this.abandoned = header.abandoned;
      this.#lengths = lengthsOf(header);
      this.#sums = sums;
      this.#places = placesOf(this.#lengths, bodyAt);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    this.#file[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * The table of directories.
   * @throws Doubt; or what the system says
   */
  directories(): DirectoryTable {
    return decodeDirectories(this.section(this.#lengths.length - 1));
  }

  /**
   * A block of a section.
   * @throws Doubt; or what the system says
   */
  block(section: number, number: number): Uint8Array {
    const { start } = this.#place(section);
    const at = number * blockBytes;
    const block = Buffer.allocUnsafeSlow(Math.min(blockBytes, this.#lengths[section]! - at));
    readAll(this.#file.fd, block, start + at);
    this.#check(section, at, block);
    return block;
  }

  /**
   * A whole section, in memory of its own.
   * @throws Doubt; or what the system says
   */
  section(section: number): Uint8Array {
    const bytes = Buffer.allocUnsafeSlow(this.#lengths[section]!);
    readAll(this.#file.fd, bytes, this.#place(section).start);
    this.#check(section, 0, bytes);
    return bytes;
  }

  /**
   * Fills windows with all sections of the index. The reading, most of which is the kernel's making of so much memory, goes
   * on in other threads while the caller computes, and while what has been read is summed.
   * @throws Doubt; or what the system says
   */
  async read(windows: IndexSections): Promise<void> {
    const pieces = windows.flatMap((window, section) => {
      const { start } = this.#place(section);
      return Array.from({ length: Math.ceil(window.length / pieceBytes) }, async (_, i) => {
        const at = i * pieceBytes;
        const piece = window.subarray(at, at + pieceBytes);
        await readAside(this.#file.fd, piece, start + at);
        this.#check(section, at, piece);
      });
    });
    // All are waited for, also when one fails: they use the memory and the descriptor.
    for (const result of await Promise.allSettled(pieces))
      if (result.status === 'rejected') throw result.reason;
  }

  /** @param at where the bytes, whole blocks of them, begin in the section */
  #check(section: number, at: number, bytes: Uint8Array): void {
    let block = this.#place(section).block + at / blockBytes;
    for (let from = 0; from < bytes.length; from += blockBytes, block++) {
      if (crc32(bytes.subarray(from, from + blockBytes)) !== this.#sums[block])
        throw new Doubt('a checksum is wrong');
    }
  }

  #place(section: number): { readonly start: number; readonly block: number } {
    const place = this.#places[section];
    if (place === undefined) throw new RangeError(`no section ${section}`);
    return place;
  }
}

/**
 * Writes a new file and puts it in the place of the old one.
 * @throws what the system says
 */
export function writeIndexFile(
  path: string,
  { sizes, abandoned, sections: indexSections, directories }: SavedParts,
): void {
  const table = encodeDirectories(directories);
  const sections = [...indexSections, table];
  const sums = Uint32Array.from(sections.flatMap(sumsOf));
  const header: Header = {
    version,
    isLittleEndian,
    sizes,
    abandoned,
    directoryBytes: table.length,
    sums: crc32(bytesOf(sums)),
  };
  const text = Buffer.from(JSON.stringify(header));
  const prelude = Buffer.alloc(preludeBytes);
  magic.copy(prelude);
  prelude.writeUInt32LE(text.length, magic.length);
  prelude.writeUInt32LE(crc32(text), magic.length + 4);
  replaceFile(path, [prelude, text, bytesOf(sums), ...sections.filter((section) => section.length > 0)]);
}

function sumsOf(section: Uint8Array): number[] {
  return Array.from({ length: blocksOf(section.length) }, (_, block) =>
    crc32(section.subarray(block * blockBytes, (block + 1) * blockBytes)),
  );
}

function readHeader(fd: number): { header: Header; sums: Uint32Array; bodyAt: number } {
  const stat = fs.fstatSync(fd);
  const doubt = distrust(stat);
  if (doubt !== undefined) throw new Doubt(doubt);
  const prelude = Buffer.alloc(preludeBytes);
  readAll(fd, prelude, 0);
  if (!prelude.subarray(0, magic.length).equals(magic)) throw new Doubt('it is not an index');
  const headerBytes = prelude.readUInt32LE(magic.length);
  if (headerBytes > maxHeaderBytes) throw new Doubt('its header is damaged');
  const text = Buffer.alloc(headerBytes);
  readAll(fd, text, preludeBytes);
  if (crc32(text) !== prelude.readUInt32LE(magic.length + 4)) throw new Doubt('its header is damaged');
  const header = parseJson(text.toString(), isRecord);
  if (header?.['version'] !== version)
    throw new Doubt(`it is of version ${String(header?.['version'])}, not ${version}`);
  if (!isHeader(header)) throw new Doubt('its header is damaged');
  if (header.isLittleEndian !== isLittleEndian)
    throw new Doubt('it was made on a machine of another byte order');
  const { directoryBytes, sizes } = header;
  if (!isSound(sizes) || !(Number.isInteger(directoryBytes) && directoryBytes >= 0))
    throw new Doubt('its sizes are impossible');
  const lengths = lengthsOf(header);
  const sumBytes = 4 * lengths.reduce((blocks, length) => blocks + blocksOf(length), 0);
  const bodyAt = preludeBytes + headerBytes + sumBytes;
  if (stat.size !== lengths.reduce((sum, length) => sum + length, bodyAt))
    throw new Doubt('its size is wrong');
  const sums = new Uint32Array(sumBytes / 4);
  readAll(fd, bytesOf(sums), bodyAt - sumBytes);
  if (crc32(bytesOf(sums)) !== header.sums) throw new Doubt('its checksums are damaged');
  return { header, sums, bodyAt };
}

/** Whether all is there; the sizes are looked at by {@link isSound}. */
function isHeader(value: unknown): value is Header {
  if (!isRecord(value) || !isRecord(value['sizes']) || typeof value['isLittleEndian'] !== 'boolean')
    return false;
  return ['version', 'abandoned', 'directoryBytes', 'sums'].every((name) => typeof value[name] === 'number');
}

function lengthsOf({ sizes, directoryBytes }: Header): number[] {
  return [...sectionLengths(sizes), directoryBytes];
}

function placesOf(lengths: readonly number[], bodyAt: number): { start: number; block: number }[] {
  let start = bodyAt;
  let block = 0;
  return lengths.map((length) => {
    const place = { start, block };
    start += length;
    block += blocksOf(length);
    return place;
  });
}

function blocksOf(bytes: number): number {
  return Math.ceil(bytes / blockBytes);
}

function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

const cutShort = 'it is cut short';
const readInPool = promisify(fs.read);

/** Like {@link readAll}, in a thread of Node's pool. */
async function readAside(fd: number, target: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < target.length;) {
    const { bytesRead } = await readInPool(fd, target, at, target.length - at, position + at);
    if (bytesRead === 0) throw new Doubt(cutShort);
    at += bytesRead;
  }
}

/** Fills the buffer from a position of the file. */
function readAll(fd: number, target: Uint8Array, position: number): void {
  for (let at = 0; at < target.length;) {
    const got = fs.readSync(fd, target, at, target.length - at, position + at);
    if (got === 0) throw new Doubt(cutShort);
    at += got;
  }
}
