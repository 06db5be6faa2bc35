/**
 * Makes the index of a host and keeps it: from CONTENTS files, from a saved file brought up to date, and live.
 *
 * A package is read again when its CONTENTS has another time, size or inode, or the preserved-libraries registry says
 * something else of it. All are read again when a directory's link on the host, by which paths were resolved, has
 * changed; directories down to depth 3 are checked for having become links.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import {
  checkRegular,
  describeError,
  errorCode,
  isAbsent,
  isInSysroot,
  longestPath,
  readingFlags,
  type PackageId,
} from '../base/index.js';
import { Canonicaliser, PathWalker, type HostLinks } from './canonical.js';
import { contentsFile, ContentsIdentity } from './contentsIdentity.js';
import { directoriesHold, type DirectoryTable } from './directoryTable.js';
import { Doubt, IndexFile, writeIndexFile } from './indexFile.js';
import { indexKind, PathIndex, rootNode, type IndexNode, type IndexSizes } from './pathIndex.js';

/** One entry of CONTENTS: `kind` is 0 dir, 1 obj, 2 sym, 3 fif, 4 dev; `bytes[start, end)` a normalised path. */
export interface ScannedEntry {
  kind: number;
  bytes: Uint8Array;
  start: number;
  end: number;
}

/** Reads whole lines of a CONTENTS file: what `scanContents` of the portage part does. */
export type ContentsScanner = (
  data: Uint8Array,
  visitor: { entry(entry: ScannedEntry): void; problem(line: number, message: string): void },
) => void;

/** Libraries that outlived their package and count as owned by an installed one. */
export interface PreservedLibraries {
  cpv: PackageId;
  paths: readonly string[];
}

/** What is installed at some moment. */
export interface InstalledState {
  /** `directory` is the VDB entry, in which `CONTENTS` is read. */
  packages: readonly { readonly cpv: PackageId; readonly directory: string }[];
  /** From `var/lib/portage/preserved_libs_registry`; packages that are not installed are passed over. */
  preserved?: readonly PreservedLibraries[] | undefined;
}

/** What {@link openIndex} works with. */
export interface OpenIndexOptions extends InstalledState {
  scan: ContentsScanner;
  /** The symbolic links of the root that the paths belong to. */
  links: HostLinks;
  /** Where the paths of packages of the sysroot's database begin: absolute, without links. */
  sysroot?: string | undefined;
  /** Where the index is saved; without it nothing is saved. See {@link indexFileName}. */
  cacheFile?: string | undefined;
  /** What {@link loadIndex} gave; without it all is read. It belongs to the index from then on. */
  saved?: SavedIndex | undefined;
  /** Called now and then while many packages are read. */
  onProgress?: ((done: number, total: number) => void) | undefined;
  /** A damaged entry (1-based line, 0: the file as a whole), or a cache that cannot be used. */
  warn: (warning: { file: string; line: number; message: string }) => void;
}

/** What an {@link IndexStore.update} found. */
export interface IndexChanges {
  added: PackageId[];
  removed: PackageId[];
  changed: PackageId[];
  /** Paths whose owners are others than before; a node may occur more than once. */
  nodes: IndexNode[];
}

/** The index of a host and what is needed to keep it. */
export interface IndexStore {
  readonly index: PathIndex;
  /** Where it came from: read as it was saved; the same, with packages read again; made anew. */
  readonly origin: 'saved' | 'updated' | 'built';
  /** Whether there is something that {@link save} would save. */
  readonly needsSaving: boolean;
  /**
   * Writes the index as it was before it was shared. Does nothing when it is saved already, has no file, or was
   * updated since it was shared (the next to open it does that again). Failing to write is a warning.
   * @returns whether a file was written
   */
  save(): boolean;
  /**
   * Brings the index up to what is installed now; in the thread that opened it, also while others read it. CONTENTS are looked at again only
   * when `state` has another list of packages than the last time.
   * @param onAdded called when the packages that have come own their paths, and before those go that are gone: a path that is handed on always
   * has an owner
   * @throws FsError ENOMEM when the index is shared and has no room: then open a new one.
   */
  update(state: InstalledState, onAdded?: (added: readonly PackageId[]) => void): IndexChanges;
}

/** The name of the cache file for a root, its VDB and a sysroot in it, all absolute, below `cacheDirectory`. */
export function indexFileName(cacheDirectory: string, root: string, vdb: string, sysroot = ''): string {
  const digest = crc32([root, vdb, ...(sysroot === '' ? [] : [sysroot])].join('\0'))
    .toString(16)
    .padStart(8, '0');
  const label = vdb.replaceAll(/[^A-Za-z0-9]+/g, '-').replaceAll(/^-|-$/g, '');
  return join(cacheDirectory, `index-${label.slice(-80)}-${digest}`);
}

/** Brings the saved index up to date, or makes a new one. */
export function openIndex(options: OpenIndexOptions): IndexStore {
  return new Store(options);
}

/** CONTENTS kinds to index kinds. */
const kindOf = [indexKind.dir, indexKind.obj, indexKind.sym, indexKind.fif, indexKind.dev];
/** Files are read in pieces of whole lines of about this size, so that a huge one takes no more memory. */
const pieceBytes = 1 << 20;
/** How much of an index may be left-overs of removed packages before it is built anew. */
const abandonedShare = 0.2;
const checkedDepth = 3;
const progressEvery = 64;

/** How a CONTENTS file was when it was read; without `stat` it was not there or could not be read. */
interface ReadContents {
  readonly stat: fs.BigIntStats | undefined;
  readonly isDamaged: boolean;
}

/** What came of reading CONTENTS files. */
interface ReadPackages {
  /** How many were read. */
  readonly count: number;
  /** 1 at the ids of those that are installed. */
  readonly present: Uint8Array;
  /** Nodes there were before. */
  readonly namesBefore: number;
}

class Store implements IndexStore {
  readonly index: PathIndex;
  readonly origin: 'saved' | 'updated' | 'built';
  readonly #options: OpenIndexOptions;
  #directories: Map<string, string>;
  #isSaved = false;
  /** What it was made of last. */
  #state: InstalledState;
  #piece = Buffer.alloc(0);
  #nodes = new Uint32Array(1 << 14);
  #kinds = new Uint8Array(1 << 14);

  constructor(options: OpenIndexOptions) {
    const { saved, ...rest } = options;
    this.#options = rest;
    this.#directories = new Map(saved?.directories);
    this.#state = options;
    if (saved !== undefined) {
      this.index = saved.index;
      const canonical = this.#canonicaliser(saved.index);
      if (this.#directoriesHold(canonical)) {
        const changes = this.#apply(options, canonical, false);
        const isWorn = saved.index.abandoned > saved.index.nodeCount * abandonedShare + 1000;
        if (!isWorn) {
          this.origin = changes === 0 ? 'saved' : 'updated';
          this.#isSaved = !saved.index.makeRoom() && changes === 0;
          this.#dropBuffers();
          return;
        }
      }
      this.#directories.clear();
    }
    this.index = PathIndex.create(expectedSizes(options.packages));
    this.#apply(options, this.#canonicaliser(this.index), true);
    this.index.makeRoom();
    this.origin = 'built';
    this.#dropBuffers();
  }

  get needsSaving(): boolean {
    return !this.#isSaved && this.#options.cacheFile !== undefined;
  }

  save(): boolean {
    if (!this.needsSaving) return false;
    this.#isSaved = true;
    return saveIndex(this.#options.cacheFile!, this.index, this.#directories, this.#options.warn);
  }

  update(state: InstalledState, onAdded?: (added: readonly PackageId[]) => void): IndexChanges {
    const canonical = this.#canonicaliser(this.index);
    const readAll = !this.#directoriesHold(canonical);
    const changes: IndexChanges = { added: [], removed: [], changed: [], nodes: [] };
    if (!readAll && state.packages === this.#state.packages && isSame(state.preserved, this.#state.preserved))
      return changes;
    this.#state = state;
    if (readAll) this.#directories.clear();
    const added = this.#readChanged(state, canonical, readAll, changes);
    onAdded?.(changes.added);
    const count = added.count + this.#removeAbsent(added.present, changes);
    this.#noteNames(added, canonical);
    // What is saved is the index before it was shared: from here on that is not what is installed.
    if (count > 0) this.#isSaved = this.index.isShared;
    this.#dropBuffers();
    return changes;
  }

  /** The directory where the paths of the sysroot's packages begin. */
  #sysroot(index: PathIndex): IndexNode {
    return index.ensurePath(Buffer.from(this.#options.sysroot ?? ''));
  }

  #canonicaliser(index: PathIndex): Canonicaliser {
    return new Canonicaliser(index, this.#options.links, this.#sysroot(index));
  }

  /** Reads what has changed (or all), forgets what is gone; the number of packages that this was about. */
  #apply(state: InstalledState, canonical: Canonicaliser, readAll: boolean): number {
    const read = this.#readChanged(state, canonical, readAll);
    const removed = this.#removeAbsent(read.present);
    this.#noteNames(read, canonical);
    return read.count + removed;
  }

  /** Reads what has changed (or all). */
  #readChanged(
    state: InstalledState,
    canonical: Canonicaliser,
    readAll: boolean,
    changes?: IndexChanges,
  ): ReadPackages {
    const { index } = this;
    const walkers = {
      root: new PathWalker(index, canonical),
      sysroot: new PathWalker(index, canonical, this.#sysroot(index)),
    };
    const preserved = new Map((state.preserved ?? []).map((entry) => [entry.cpv, entry.paths]));
    const identity = new ContentsIdentity();
    const present = new Uint8Array(index.packageCapacity + state.packages.length);
    const { onProgress } = this.#options;
    const namesBefore = readAll ? 0 : index.nodeCount;
    let count = 0;
    let done = 0;
    for (const { cpv, directory } of state.packages) {
      if (onProgress !== undefined && done++ % progressEvery === 0)
        onProgress(done - 1, state.packages.length);
      const file = contentsFile(directory);
      const paths = preserved.get(cpv) ?? [];
      const known = index.packageId(cpv);
      if (known >= 0) {
        present[known] = 1;
        if (!readAll && identity.look(file, paths).equals(index.identity(known))) {
          if (index.isDamaged(known)) this.#readContents(file, undefined);
          continue;
        }
      }
      const walker = isInSysroot(cpv) ? walkers.sysroot : walkers.root;
      const found = this.#scan(file, paths, walker);
      const id = index.addPackage(cpv);
      present[id] = 1;
      const before = changes?.nodes.length ?? 0;
      index.setPackageNodes(id, this.#nodes, this.#kinds, found.count, changes?.nodes);
      index.setIdentity(id, identity.set(found.stat, paths).words, found.isDamaged);
      count++;
      if (known < 0) changes?.added.push(cpv);
      else if ((changes?.nodes.length ?? 0) > before) changes?.changed.push(cpv);
    }
    onProgress?.(state.packages.length, state.packages.length);
    return { count, present, namesBefore };
  }

  /** Forgets what is gone; the number of packages. */
  #removeAbsent(present: Uint8Array, changes?: IndexChanges): number {
    const { index } = this;
    let count = 0;
    for (let id = 0; id < index.packageLimit; id++) {
      if (present[id] === 1 || !index.isLive(id)) continue;
      index.removePackage(id, changes?.nodes);
      changes?.removed.push(index.cpv(id));
      count++;
    }
    return count;
  }

  #noteNames({ namesBefore }: ReadPackages, canonical: Canonicaliser): void {
    // Without new names there are no new directories.
    if (this.index.nodeCount > namesBefore) this.#noteDirectories(canonical);
  }

  #directoriesHold(canonical: Canonicaliser): boolean {
    return directoriesHold(this.#directories, this.#options.links, this.index, canonical);
  }

  #noteDirectories(canonical: Canonicaliser): void {
    const { index } = this;
    const pathOf = (node: IndexNode): string => index.pathOf(node).toString('latin1');
    const visit = (directory: IndexNode, depth: number): void => {
      for (let node = index.firstChild(directory); node !== -1; node = index.nextSibling(node)) {
        if (index.firstChild(node) === -1) continue;
        const path = pathOf(node);
        // What is in the table has just been looked at.
        if (!this.#directories.has(path)) this.#directories.set(path, pathOf(canonical.directory(node)));
        if (depth < checkedDepth) visit(node, depth + 1);
      }
    };
    visit(rootNode, 1);
    const sysroot = this.#sysroot(index);
    if (sysroot !== rootNode) visit(sysroot, 1);
    for (const [from, to] of canonical.links) this.#directories.set(pathOf(from), pathOf(to));
  }

  /** Collects a package's paths in `#nodes` and `#kinds`. */
  #scan(file: string, preserved: readonly string[], walker: PathWalker): ReadContents & { count: number } {
    let count = 0;
    const add = (bytes: Uint8Array, start: number, end: number, kind: number) => {
      const node = walker.node(bytes, start, end);
      if (node === -1) return;
      if (count === this.#nodes.length) {
        this.#nodes = grown(this.#nodes, new Uint32Array(count * 2));
        this.#kinds = grown(this.#kinds, new Uint8Array(count * 2));
      }
      this.#nodes[count] = node;
      this.#kinds[count++] = kind;
    };
    const read = this.#readContents(file, { add, nextPiece: () => walker.reset() });
    for (const path of preserved) {
      const bytes = Buffer.from(path);
      walker.reset();
      if (bytes[0] === slash) add(bytes, 0, bytes.length, indexKind.obj);
    }
    walker.reset();
    return { ...read, count };
  }

  /**
   * Hands the entries of a CONTENTS file to `sink`; without one only problems are told. A file that is not there is an
   * empty one.
   */
  #readContents(
    file: string,
    sink:
      | { add: (bytes: Uint8Array, start: number, end: number, kind: number) => void; nextPiece(): void }
      | undefined,
  ): ReadContents {
    const { warn } = this.#options;
    let stat: fs.BigIntStats | undefined;
    let lineOffset = 0;
    let problems = 0;
    const visitor = {
      entry(entry: ScannedEntry) {
        // What no system call can name is never looked for.
        if (entry.end - entry.start > longestPath) return;
        sink?.add(entry.bytes, entry.start, entry.end, kindOf[entry.kind]!);
      },
      problem(line: number, message: string) {
        problems++;
        if (problems <= warningsPerFile)
          warn({ file, line: lineOffset + line, message: `${message}; ${wanted}` });
      },
    };
    try {
      const fd = fs.openSync(file, readingFlags);
      try {
        stat = fs.fstatSync(fd, { bigint: true });
        checkRegular(stat);
        let unread = Number(stat.size);
        for (let held = 0, isLast = false; !isLast;) {
          if (held === this.#piece.length) {
            this.#piece = grown(this.#piece, Buffer.allocUnsafeSlow(Math.max(pieceBytes, held * 2)));
          }
          const got = fs.readSync(fd, this.#piece, held, this.#piece.length - held, null);
          isLast = got === 0;
          unread -= got;
          const filled = held + got;
          // A short read is mostly the end of the file, and then the next one says so.
          const lines = isLast ? filled : this.#piece.lastIndexOf(newline, filled - 1) + 1;
          held = filled - lines;
          if (lines === 0) continue;
          sink?.nextPiece();
          const piece = this.#piece.subarray(0, lines);
          this.#options.scan(piece, visitor);
          if (held > 0 || unread > 0) lineOffset += countLines(piece);
          this.#piece.copyWithin(0, lines, filled);
        }
      } finally {
        fs.closeSync(fd);
      }
    } catch (error) {
      const code = errorCode(error);
      if (code === undefined) throw error;
      stat = undefined;
      if (!isAbsent(error)) warn({ file, line: 0, message: describeError(error) });
    }
    if (problems > warningsPerFile) {
      const more = problems - warningsPerFile;
      warn({ file, line: 0, message: `${more} more lines are damaged and ignored` });
    }
    return { stat, isDamaged: problems > 0 };
  }

  #dropBuffers(): void {
    this.#piece = Buffer.alloc(0);
    this.#nodes = new Uint32Array(1 << 14);
    this.#kinds = new Uint8Array(1 << 14);
  }
}

const newline = 0x0a;
/** Of a file of which many lines are damaged, so many are named. */
const warningsPerFile = 3;
const wanted =
  'expected "dir PATH", "obj PATH MD5 TIME", "sym PATH -> TARGET TIME", "fif PATH" or "dev PATH"; the line is ignored';
const carriageReturn = 0x0d;
const slash = 0x2f;

/** Lines as the scanner counts them: each ends with a newline, a carriage return or both. */
function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] === newline || (bytes[i] === carriageReturn && bytes[i + 1] !== newline)) lines++;
  }
  return lines;
}

function isSame(a: InstalledState['preserved'] = [], b: InstalledState['preserved'] = []): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function grown<T extends Uint8Array | Uint32Array>(old: T, larger: T): T {
  larger.set(old);
  return larger;
}

function expectedSizes(packages: InstalledState['packages']): Partial<IndexSizes> {
  let bytes = 0;
  for (const { directory } of packages) {
    bytes += fs.statSync(contentsFile(directory), { throwIfNoEntry: false })?.size ?? 0;
  }
  // A line has some 100 bytes; it costs little to expect too much.
  return {
    nodes: Math.ceil(bytes / 100),
    names: Math.ceil(bytes / 5),
    owners: Math.ceil(bytes / 1000),
    packages: packages.length,
    packageNodes: Math.ceil(bytes / 60),
  };
}

/** An index as it was saved; only {@link openIndex} knows what of it still holds. */
export interface SavedIndex {
  readonly index: PathIndex;
  readonly directories: DirectoryTable;
}

/** The saved index, or undefined when there is none that can be believed; a damaged one is a warning. */
export async function loadIndex(
  file: string,
  warn: OpenIndexOptions['warn'],
): Promise<SavedIndex | undefined> {
  try {
    using saved = new IndexFile(file);
    const { sizes, abandoned } = saved;
    const index = await PathIndex.fromSections(sizes, abandoned, (windows) => saved.read(windows));
    return { index, directories: saved.directories() };
  } catch (error) {
    if (error instanceof Doubt) {
      const message = `the saved index is not used and will be made anew: ${error.message}`;
      warn({ file, line: 0, message });
    } else {
      const code = errorCode(error);
      if (code === undefined) throw error;
      if (code !== 'ENOENT')
        warn({ file, line: 0, message: `cannot read the saved index: ${describeError(error)}` });
    }
    return undefined;
  }
}

/** Saves an index; whether that succeeded. */
function saveIndex(
  file: string,
  index: PathIndex,
  directories: DirectoryTable,
  warn: OpenIndexOptions['warn'],
): boolean {
  try {
    writeIndexFile(file, { ...index.sections(), directories });
    return true;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    warn({
      file,
      line: 0,
      message: `the index cannot be saved, so each start makes it anew: ${describeError(error)}`,
    });
    return false;
  }
}
