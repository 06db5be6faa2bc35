/**
 * Reads the image out of a binary package: what a build would install, whatever Portage has cleaned away. Both formats are archives of
 * tar(5): a gpkg (GLEP 78) is one that holds another, `<name>/image.tar.<compression>`; a tbz2 or xpak (xpak(5)) is a compressed one with
 * metadata and a trailer behind it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ReadEntry } from 'tar';
import { endOf, LvfsError } from '../base/index.js';
import { imageEntry, imageFile, mostOfFile, type Image, type ImageFile } from './images.js';

/**
 * Reads a binary package.
 *
 * @throws LvfsError CANNOT_READ (exit 1): it is damaged, or what it was compressed with is not there
 */
export async function readBinaryPackage(file: string): Promise<Image> {
  try {
    return file.endsWith('.gpkg.tar') ? await readGpkg(file) : await readXpak(file);
  } catch (error) {
    if (error instanceof LvfsError) throw error;
    throw new LvfsError('CANNOT_READ', `${file}: cannot be read`, { cause: error });
  }
}

async function readGpkg(file: string): Promise<Image> {
  let image: Promise<Image> | undefined;
  await readTar(createReadStream(file), (entry) => {
    if (!/^[^/]+\/image\.tar(\.\w+)?$/.test(entry.path)) return false;
    image = readImageTar(entry, 'image/');
    return image;
  });
  if (image === undefined) throw new Error('it holds no image');
  return image;
}

/** The trailer: the size of the metadata, 32 bits, and `STOP`. */
const trailerSize = 8;

async function readXpak(file: string): Promise<Image> {
  const handle = await open(file);
  let end: number;
  try {
    const { size } = await handle.stat();
    const trailer = Buffer.alloc(trailerSize);
    await handle.read(trailer, 0, trailerSize, Math.max(0, size - trailerSize));
    const metadata = trailer.toString('latin1', 4) === 'STOP' ? trailer.readUInt32BE(0) : Number.NaN;
    end = size - trailerSize - metadata;
  } finally {
    await handle.close();
  }
  if (!(end > 0)) throw new Error('it has no trailer');
  return readImageTar(createReadStream(file, { end: end - 1 }), './');
}

/** The image in an archive, compressed or not, whose paths all begin in the same way. */
async function readImageTar(archive: AsyncIterable<Buffer>, prefix: string): Promise<Image> {
  const image = new Map<string, ImageFile>();
  /** More names of files, which may not have been read yet. */
  const names = new Map<string, string>();
  await readTar(decompressed(archive), async (entry) => {
    const name = (path: string): string => latin1(posix.resolve('/', path.slice(prefix.length)));
    const path = name(entry.path);
    switch (entry.type) {
      case 'Directory':
      case 'GNUDumpDir':
        if (path !== '/') image.set(path, imageEntry('directory', ''));
        break;
      case 'SymbolicLink':
        image.set(path, imageEntry('link', latin1(entry.linkpath ?? '')));
        break;
      case 'Link':
        names.set(path, name(entry.linkpath ?? ''));
        break;
      case 'File':
      case 'OldFile':
      case 'ContiguousFile': {
        image.set(path, await readEntry(path, entry));
        return;
      }
      default:
        image.set(
          path,
          imageEntry('other', `${entry.type} ${entry.header.devmaj ?? 0} ${entry.header.devmin ?? 0}`),
        );
    }
    entry.resume();
  });
  for (const [path, other] of names) image.set(path, image.get(other) ?? imageEntry('other', ''));
  return image;
}

async function readEntry(path: string, entry: AsyncIterable<Buffer>): Promise<ImageFile> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of entry) {
    if (size < mostOfFile) parts.push(part.subarray(0, mostOfFile - size));
    size += part.length;
  }
  return imageFile(path, Buffer.concat(parts), size);
}

function latin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** Hands over each entry in turn; `take` consumes it, or says false. */
async function readTar(
  archive: AsyncIterable<Buffer>,
  take: (entry: ReadEntry) => Promise<unknown> | false,
): Promise<void> {
  const { Parser } = await import('tar');
  let fail: (error: unknown) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => (fail = reject));
  // It is waited for only while there is something to wait for.
  failed.catch(() => undefined);
  const taken: Promise<unknown>[] = [];
  const parser = new Parser({
    strict: true,
    onReadEntry: (entry) => {
      const consumer = take(entry);
      if (consumer === false) entry.resume();
      else taken.push(consumer.catch(fail));
    },
  });
  parser.on('error', fail);
  const end = new Promise<void>((done) => parser.on('end', done));
  for await (const data of archive)
    if (!parser.write(data)) await Promise.race([once(parser, 'drain'), failed]);
  parser.end();
  await Promise.race([end, failed]);
  await Promise.race([Promise.all(taken), failed]);
}

/** What Portage compresses with, by the first bytes (hexadecimal) of what it makes; `_compressors` in portage/util/compression_probe.py. */
const decompressors: readonly (readonly [magic: RegExp, program: string, ...words: string[]])[] = [
  [/^1f8b/, 'gzip', '-d'],
  [/^425a68/, 'bzip2', '-d'],
  [/^fd377a585a00/, 'xz', '-d'],
  [/^28b52ffd/, 'zstd', '-d', '--long=31'],
  [/^(04224d18|02214c18)/, 'lz4', '-d'],
  [/^4c5a4950/, 'lzip', '-d'],
  [/^894c5a4f/, 'lzop', '-d'],
];

/** The same without its compression, if it has any. */
async function* decompressed(archive: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const input = archive[Symbol.asyncIterator]();
  const first = await input.next();
  if (first.done === true) return;
  const head = first.value.toString('hex', 0, 8);
  const [, program, ...words] = decompressors.find(([magic]) => magic.test(head)) ?? [];
  const whole = async function* (): AsyncGenerator<Buffer> {
    yield first.value;
    for (let next = await input.next(); next.done !== true; next = await input.next()) yield next.value;
  };
  if (program === undefined) yield* whole();
  else yield* through(program, words, whole());
}

/** What a program makes of its input. */
async function* through(
  program: string,
  words: readonly string[],
  input: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'ignore'] });
  const ended = endOf(child);
  // A program that ends early takes no more input; how it ended says why.
  const fed = pipeline(input, child.stdin).catch(() => undefined);
  for await (const data of child.stdout) yield data as Buffer;
  await fed;
  const { code, error } = await ended;
  if (error !== undefined)
    throw new LvfsError(
      'CANNOT_READ',
      `a binary package is compressed with ${program}, which cannot be run`,
      {
        hint: `install ${program}, or set BINPKG_COMPRESS to another`,
        cause: error,
      },
    );
  if (code !== 0) throw new Error(`${program} ended with status ${code ?? 'none'}`);
}
