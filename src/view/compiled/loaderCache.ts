/**
 * The loader's cache `/etc/ld.so.cache` as ldconfig would make it inside a view: the host's, without what the view hides.
 *
 * It is filtered rather than made anew: ldconfig would read every library through the view, and what it had read could
 * no longer be told from what a build used. The format is that of glibc's `dl-cache.h` (`glibc-ld.so.cache1.1`, since 2.2;
 * extensions since 2.33), alone or behind the older table.
 */

const magic = Buffer.from('glibc-ld.so.cache1.1', 'latin1');
const headerSize = 48;
const entrySize = 24;
const countAt = 20;
const stringsLengthAt = 24;
const flagsAt = 28;
const extensionAt = 32;
/** Set in an entry's hardware capabilities when its low half names a subdirectory of the extension. */
const extensionMagic = 0xeaa42174;
const generatorTag = 0;
const subdirectoriesTag = 1;

interface Entry {
  flags: number;
  osVersion: number;
  hardware: bigint;
  key: Buffer;
  value: Buffer;
}

/**
 * Leaves out the libraries that `isVisible` refuses.
 *
 * @param cache the host's file
 * @param isVisible is given absolute paths, one character a byte
 * @returns the new file; undefined when the host's is damaged, of another machine's byte order, or of an unknown format
 */
export function filterLoaderCache(cache: Buffer, isVisible: (path: string) => boolean): Buffer | undefined {
  try {
    return filter(cache, isVisible);
  } catch (error) {
    // An offset led out of the file.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function filter(cache: Buffer, isVisible: (path: string) => boolean): Buffer | undefined {
  const start = cache.indexOf(magic);
  if (start < 0) return undefined;
  const file = cache.subarray(start);
  const byteOrder = file.readUInt8(flagsAt) & 3;
  // 0: not said, 2: little-endian; cache_file_new_flags_endian_*.
  if (byteOrder !== 0 && byteOrder !== 2) return undefined;
  const count = file.readUInt32LE(countAt);
  const entries: Entry[] = [];
  for (let i = 0; i < count; i++) {
    const at = headerSize + i * entrySize;
    const value = stringAt(file, file.readUInt32LE(at + 8));
    if (!isVisible(value.toString('latin1'))) continue;
    entries.push({
      flags: file.readInt32LE(at),
      key: stringAt(file, file.readUInt32LE(at + 4)),
      value,
      osVersion: file.readUInt32LE(at + 12),
      hardware: file.readBigUInt64LE(at + 16),
    });
  }
  return write(entries, file.readUInt8(flagsAt), readExtensions(file, cache));
}

function stringAt(file: Buffer, offset: number): Buffer {
  const end = file.indexOf(0, offset);
  if (offset >= file.length || end < 0) throw new RangeError('a string lies outside of the file');
  return file.subarray(offset, end);
}

interface Extensions {
  generator: Buffer | undefined;
  subdirectories: Buffer[];
}

function readExtensions(file: Buffer, whole: Buffer): Extensions {
  const result: Extensions = { generator: undefined, subdirectories: [] };
  const at = file.readUInt32LE(extensionAt);
  if (at === 0 || whole.readUInt32LE(at) !== extensionMagic) return result;
  const sections = whole.readUInt32LE(at + 4);
  for (let i = 0; i < sections; i++) {
    const section = at + 8 + i * 16;
    const tag = whole.readUInt32LE(section);
    const offset = whole.readUInt32LE(section + 8);
    const size = whole.readUInt32LE(section + 12);
    if (offset + size > whole.length) throw new RangeError('a section lies outside of the file');
    if (tag === generatorTag) result.generator = whole.subarray(offset, offset + size);
    if (tag === subdirectoriesTag) {
      for (let word = offset; word < offset + size; word += 4)
        result.subdirectories.push(stringAt(file, whole.readUInt32LE(word)));
    }
  }
  return result;
}

/** Entries are in the order that the loader searches, which leaving some out does not change. */
function write(entries: readonly Entry[], flags: number, extensions: Extensions): Buffer {
  const stringsAt = headerSize + entries.length * entrySize;
  const strings: Buffer[] = [];
  const places = new Map<string, number>();
  let end = stringsAt;
  const place = (text: Buffer): number => {
    const known = places.get(text.toString('latin1'));
    if (known !== undefined) return known;
    const at = end;
    places.set(text.toString('latin1'), at);
    strings.push(text, Buffer.from([0]));
    end += text.length + 1;
    return at;
  };
  const head = Buffer.alloc(stringsAt);
  magic.copy(head);
  head.writeUInt32LE(entries.length, countAt);
  head.writeUInt8(flags, flagsAt);
  entries.forEach((entry, i) => {
    const at = headerSize + i * entrySize;
    head.writeInt32LE(entry.flags, at);
    head.writeUInt32LE(place(entry.key), at + 4);
    head.writeUInt32LE(place(entry.value), at + 8);
    head.writeUInt32LE(entry.osVersion, at + 12);
    head.writeBigUInt64LE(entry.hardware, at + 16);
  });
  const subdirectories = extensions.subdirectories.map(place);
  head.writeUInt32LE(end - stringsAt, stringsLengthAt);
  const padding = Buffer.alloc((4 - (end % 4)) % 4);
  const tail = extensionBlock(end + padding.length, extensions.generator, subdirectories);
  if (tail.length > 0) head.writeUInt32LE(end + padding.length, extensionAt);
  return Buffer.concat([head, ...strings, padding, tail]);
}

function extensionBlock(
  at: number,
  generator: Buffer | undefined,
  subdirectories: readonly number[],
): Buffer {
  const sections: [tag: number, data: Buffer][] = [];
  if (subdirectories.length > 0) {
    const words = Buffer.alloc(subdirectories.length * 4);
    subdirectories.forEach((offset, i) => words.writeUInt32LE(offset, i * 4));
    sections.push([subdirectoriesTag, words]);
  }
  if (generator !== undefined) sections.push([generatorTag, generator]);
  if (sections.length === 0) return Buffer.alloc(0);
  // Sections stand in the order of their tags in the directory; the words come first, so that they are aligned.
  const directory = Buffer.alloc(8 + sections.length * 16);
  directory.writeUInt32LE(extensionMagic, 0);
  directory.writeUInt32LE(sections.length, 4);
  let offset = at + directory.length;
  const rows = sections.map(([tag, data]) => {
    const row = { tag, offset, size: data.length };
    offset += data.length;
    return row;
  });
  rows
    .sort((a, b) => a.tag - b.tag)
    .forEach((row, i) => {
      directory.writeUInt32LE(row.tag, 8 + i * 16);
      directory.writeUInt32LE(row.offset, 16 + i * 16);
      directory.writeUInt32LE(row.size, 20 + i * 16);
    });
  return Buffer.concat([directory, ...sections.map(([, data]) => data)]);
}
