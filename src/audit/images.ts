/**
 * Compares what two builds of a package would install, to expose what one of them found and used without being told to
 * (automagic dependencies): files that only one has, libraries that only one's programs need, modules that only one's `.pc` files
 * require.
 */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** What is known of one file of an image. */
interface ImageFile {
  /** `file`, `link`, `directory` or `other`. */
  readonly kind: string;
  /** Digest of the content, or the target of a link. */
  readonly content: string;
  /** DT_NEEDED of an ELF file. */
  readonly needed: readonly string[];
  /** `Requires` and `Requires.private` of a .pc file. */
  readonly requires: readonly string[];
}

/** What a build would install: files by path relative to the image, one character a byte. */
export type Image = ReadonlyMap<string, ImageFile>;

/** How two images differ. Paths are absolute as they would be installed, one character a byte. */
export interface ImageDifference {
  readonly onlyFirst: readonly string[];
  readonly onlySecond: readonly string[];
  /** Files whose needs differ. */
  readonly needs: readonly {
    readonly path: string;
    /** Sonames, or module names, that only one has. */
    readonly onlyFirst: readonly string[];
    readonly onlySecond: readonly string[];
  }[];
  /** Files that differ in content only; time stamps and build paths cause this as well. */
  readonly changed: readonly string[];
}

/**
 * Reads an image directory.
 *
 * @throws the error of the host when the directory itself cannot be listed
 */
export function readImage(directory: string): Image {
  const image = new Map<string, ImageFile>();
  const walk = (relative: string): void => {
    const names = readdirSync(Buffer.from(join(directory, relative), 'latin1'), 'latin1');
    for (const name of names.sort()) {
      const path = `${relative}/${name}`;
      const host = Buffer.from(directory + path, 'latin1');
      const stats = lstatSync(host);
      if (stats.isDirectory()) {
        image.set(path, { kind: 'directory', content: '', needed: [], requires: [] });
        walk(path);
      } else if (stats.isSymbolicLink()) {
        image.set(path, { kind: 'link', content: readlinkSync(host, 'latin1'), needed: [], requires: [] });
      } else if (stats.isFile()) {
        image.set(path, readImageFile(host, path));
      } else {
        image.set(path, { kind: 'other', content: String(stats.rdev), needed: [], requires: [] });
      }
    }
  };
  walk('');
  return image;
}

function readImageFile(host: Buffer, path: string): ImageFile {
  const data = readFileSync(host);
  const content = createHash('sha256').update(data).digest('hex');
  const needed = neededLibraries(data);
  const requires = path.endsWith('.pc') ? requiredModules(data.toString('utf8')) : [];
  return { kind: 'file', content, needed, requires };
}

/** Compares two images. */
export function compareImages(first: Image, second: Image): ImageDifference {
  const onlyFirst = [...first.keys()].filter((path) => !second.has(path));
  const onlySecond = [...second.keys()].filter((path) => !first.has(path));
  const needs: ImageDifference['needs'][number][] = [];
  const changed: string[] = [];
  for (const [path, a] of first) {
    const b = second.get(path);
    if (b === undefined || (a.content === b.content && a.kind === b.kind)) continue;
    const inFirst = [...a.needed, ...a.requires];
    const inSecond = [...b.needed, ...b.requires];
    const difference = {
      path,
      onlyFirst: inFirst.filter((name) => !inSecond.includes(name)),
      onlySecond: inSecond.filter((name) => !inFirst.includes(name)),
    };
    if (difference.onlyFirst.length + difference.onlySecond.length > 0) needs.push(difference);
    else changed.push(path);
  }
  return { onlyFirst, onlySecond, needs, changed };
}

/** Module names in the Requires fields of a .pc file, without versions; see pkg-config(1). */
function requiredModules(text: string): string[] {
  const names = new Set<string>();
  for (const [, list = ''] of text.matchAll(/^Requires(?:\.private)?\s*:(.*)$/gm)) {
    for (const item of list.replace(/(?:[<>]=?|!?=)\s*\S+/g, ' ').split(/[\s,]+/))
      if (item !== '') names.add(item);
  }
  return [...names].sort();
}

const programHeaderDynamic = 2;
const programHeaderLoad = 1;
const tagNeeded = 1n;
const tagStrings = 5n;

/** DT_NEEDED entries of an ELF file (elf(5)), sorted; empty for anything else, damaged files included. */
export function neededLibraries(data: Buffer): string[] {
  try {
    return readNeeded(data);
  } catch (error) {
    // An offset leads out of the file.
    if (error instanceof RangeError) return [];
    throw error;
  }
}

function readNeeded(data: Buffer): string[] {
  if (data.length < 52 || data.readUInt32BE(0) !== 0x7f454c46) return [];
  const wide = data.readUInt8(4) === 2;
  const little = data.readUInt8(5) === 1;
  const u16 = (at: number): number => (little ? data.readUInt16LE(at) : data.readUInt16BE(at));
  const u32 = (at: number): number => (little ? data.readUInt32LE(at) : data.readUInt32BE(at));
  const u64 = (at: number): bigint => (little ? data.readBigUInt64LE(at) : data.readBigUInt64BE(at));
  const word = (at: number): bigint => (wide ? u64(at) : BigInt(u32(at)));
  const headersAt = Number(word(wide ? 32 : 28));
  const headerSize = u16(wide ? 54 : 42);
  const count = u16(wide ? 56 : 44);
  const headers = Array.from({ length: count }, (_, i) => {
    const at = headersAt + i * headerSize;
    return {
      type: u32(at),
      offset: Number(word(at + (wide ? 8 : 4))),
      address: word(at + (wide ? 16 : 8)),
      size: Number(word(at + (wide ? 32 : 16))),
    };
  });
  const dynamic = headers.find(({ type }) => type === programHeaderDynamic);
  if (dynamic === undefined) return [];
  const step = wide ? 16 : 8;
  const names: bigint[] = [];
  let strings: bigint | undefined;
  for (let at = dynamic.offset; at < dynamic.offset + dynamic.size; at += step) {
    const tag = word(at);
    const value = word(at + step / 2);
    if (tag === 0n) break;
    if (tag === tagNeeded) names.push(value);
    if (tag === tagStrings) strings = value;
  }
  const base = strings;
  if (base === undefined) return [];
  const segment = headers.find(
    ({ type, address, size }) =>
      type === programHeaderLoad && base >= address && base < address + BigInt(size),
  );
  if (segment === undefined) return [];
  const stringsAt = segment.offset + Number(base - segment.address);
  return names
    .map((name) => {
      const start = stringsAt + Number(name);
      const end = data.indexOf(0, start);
      if (start >= data.length || end < 0) throw new RangeError('a name lies outside of the file');
      return data.toString('latin1', start, end);
    })
    .sort();
}
