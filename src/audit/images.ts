/**
 * Compares what two builds of a package would install, to expose what one of them found and used without being told to
 * (automagic dependencies): files that only one has, libraries that only one's programs need, modules that only one's `.pc` files
 * require, symbols that only one's libraries offer, and other content, as far as that is not of the time and place of the build.
 */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readBeginning } from '../base/index.js';
import { elfFacts } from './elf.js';
import { steadyDigest } from './steadyContent.js';

/** What is known of one file of an image. */
export interface ImageFile {
  readonly kind: 'file' | 'link' | 'directory' | 'other';
  /** Digest of the content, or the target of a link. Equal for two files that differ only in when and where they were built. */
  readonly content: string;
  /** DT_NEEDED of an ELF file, sorted. */
  readonly needed: readonly string[];
  /** `Requires` and `Requires.private` of a .pc file, sorted. */
  readonly requires: readonly string[];
  /** What an ELF file offers to link with, sorted. */
  readonly exports: readonly string[];
}

/** What a build would install: files by path, absolute as they would be installed, one character a byte. */
export type Image = ReadonlyMap<string, ImageFile>;

/** A file, and what of it only one image has. */
export interface FileDifference {
  readonly path: string;
  readonly onlyFirst: readonly string[];
  readonly onlySecond: readonly string[];
}

/** How two images differ. Paths are absolute as they would be installed, one character a byte. */
export interface ImageDifference {
  readonly onlyFirst: readonly string[];
  readonly onlySecond: readonly string[];
  /** Files whose needs differ, in sonames or module names. */
  readonly needs: readonly FileDifference[];
  /** Libraries that offer other symbols. */
  readonly symbols: readonly FileDifference[];
  /** Files that differ in content only. */
  readonly changed: readonly string[];
}

/**
 * What tools leave in the directory that they build in: they say what was found, not what came of it, and are no part of a result that is
 * built in place.
 */
const traces =
  /^(config\.(log|status|cache)|autom4te\.cache|CMakeFiles|CMakeCache\.txt|cmake_install\.cmake|meson-(logs|private|info)|\.ninja_(log|deps)|compile_commands\.json|\.deps|\.git|.*\.(o|lo|d|Po|Plo))$/;

/**
 * Reads the directory of a result, without what tools leave there for themselves.
 *
 * @throws the error of the host when the directory itself cannot be listed
 */
export function readImage(directory: string): Image {
  const image = new Map<string, ImageFile>();
  const top = Buffer.from(directory).toString('latin1');
  const walk = (relative: string): void => {
    const names = readdirSync(Buffer.from(join(top, relative), 'latin1'), 'latin1');
    for (const name of names.sort()) {
      if (traces.test(name)) continue;
      const path = `${relative}/${name}`;
      const host = Buffer.from(top + path, 'latin1');
      const stats = lstatSync(host);
      if (stats.isDirectory()) {
        image.set(path, imageEntry('directory', ''));
        walk(path);
      } else if (stats.isSymbolicLink()) image.set(path, imageEntry('link', readlinkSync(host, 'latin1')));
      else if (stats.isFile()) image.set(path, imageFile(path, readBeginning(host, mostOfFile), stats.size));
      else image.set(path, imageEntry('other', String(stats.rdev)));
    }
  };
  walk('');
  return image;
}

/** What is to be known of something that is no file. */
export function imageEntry(kind: ImageFile['kind'], content: string): ImageFile {
  return { kind, content, needed: [], requires: [], exports: [] };
}

/** Bytes of a file that are looked at, at most: all of it has to be in memory. */
export const mostOfFile = 256 << 20;

/**
 * What is to be known of a file.
 *
 * @param data all of it, or as much as is looked at ({@link mostOfFile}): then its size and beginning are what it is known by
 */
export function imageFile(path: string, data: Buffer, size = data.length): ImageFile {
  if (size > data.length)
    return imageEntry('file', `${size} ${createHash('sha256').update(data).digest('hex')}`);
  const { needed, exports, unsteady } = elfFacts(data);
  const requires = path.endsWith('.pc') ? requiredModules(data.toString('utf8')) : [];
  return { kind: 'file', content: steadyDigest(data, unsteady), needed, requires, exports };
}

/** Compares two images. */
export function compareImages(first: Image, second: Image): ImageDifference {
  const needs: FileDifference[] = [];
  const symbols: FileDifference[] = [];
  const changed: string[] = [];
  for (const [path, a] of first) {
    const b = second.get(path);
    if (b === undefined || (a.content === b.content && a.kind === b.kind)) continue;
    const other = filesDiffer(path, [...a.needed, ...a.requires], [...b.needed, ...b.requires]);
    const offered = filesDiffer(path, a.exports, b.exports);
    if (other !== undefined) needs.push(other);
    if (offered !== undefined) symbols.push(offered);
    if (other === undefined && offered === undefined) changed.push(path);
  }
  return {
    onlyFirst: [...first.keys()].filter((path) => !second.has(path)),
    onlySecond: [...second.keys()].filter((path) => !first.has(path)),
    needs,
    symbols,
    changed,
  };
}

function filesDiffer(path: string, a: readonly string[], b: readonly string[]): FileDifference | undefined {
  const [inFirst, inSecond] = [new Set(a), new Set(b)];
  const onlyFirst = a.filter((name) => !inSecond.has(name));
  const onlySecond = b.filter((name) => !inFirst.has(name));
  return onlyFirst.length + onlySecond.length === 0 ? undefined : { path, onlyFirst, onlySecond };
}

/**
 * The differences of an image from a first one, each as a subject with the state in which the image has it: two images that have the same
 * state for a subject differ from the first one in the same way.
 */
export function imageFacts(first: Image, image: Image): Map<string, string> {
  const { onlyFirst, onlySecond, needs, symbols } = compareImages(first, image);
  const facts = new Map<string, string>();
  for (const path of onlyFirst) facts.set(subject('-', path), '');
  for (const path of onlySecond) facts.set(subject('+', path), image.get(path)?.kind ?? '');
  for (const one of needs) {
    for (const name of one.onlyFirst) facts.set(subject('needs', one.path, `-${name}`), '');
    for (const name of one.onlySecond) facts.set(subject('needs', one.path, `+${name}`), '');
  }
  for (const one of symbols) {
    const changes = [...one.onlyFirst.map((name) => `-${name}`), ...one.onlySecond.map((name) => `+${name}`)];
    facts.set(subject('symbols', one.path), createHash('sha256').update(changes.join('\n')).digest('hex'));
  }
  for (const [path, a] of first) {
    const b = image.get(path);
    if (b === undefined || (b.kind === a.kind && b.content === a.content)) continue;
    facts.set(subject('content', path), `${b.kind} ${b.content}`);
  }
  return facts;
}

const signs = ['+', '-', 'needs', 'symbols', 'content'] as const;
type Sign = (typeof signs)[number];

function subject(sign: Sign, path: string, detail = ''): string {
  return `${sign}\0${path}\0${detail}`;
}

/** The files that some facts are about, sorted; without the directories that are there for others of them. */
export function filesOf(subjects: readonly string[]): string[] {
  const paths = new Set(subjects.map((subject) => factOf(subject).path));
  const above = new Set([...paths].map((path) => dirname(path)));
  return [...paths].filter((path) => !above.has(path)).sort();
}

/** What a subject of {@link imageFacts} is about. */
export function factOf(subject: string): { sign: Sign; path: string; detail: string } {
  const [first, path = '', detail = ''] = subject.split('\0');
  const sign = signs.find((one) => one === first);
  if (sign === undefined) throw new TypeError(`${JSON.stringify(subject)} is no subject`);
  return { sign, path, detail };
}

/** Whether a difference may be one of the time and not of what was found: mere content. */
export function isMereContent(subject: string): boolean {
  return factOf(subject).sign === 'content';
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
