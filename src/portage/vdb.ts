/**
 * The installed-package database `/var/db/pkg` (portage(5), "VDB"): which packages are installed, and the values recorded
 * for each, as Portage's `vardbapi` reads them.
 *
 * Reading is lazy. The listing touches only directories; a package's values are read when somebody first asks for one
 * of them, and nothing is read twice, also not in the next run (savedValues.ts). A database object is a snapshot: make a new one to see what was merged since.
 */
import { closeSync, openSync, readdirSync, readSync, statSync, type Dirent } from 'node:fs';
import {
  errorCode,
  isAbsent,
  LvfsError,
  packageId,
  readingFlags,
  systemError,
  type PackageId,
  type SystemName,
} from '../base/index.js';
import { eapiFeatures } from './eapi.js';
import { settledIdentity } from './lookedAt.js';
import { matchesAtom, splitSlot, unknownRepository } from './match.js';
import { type Move, moved, type PackageMoves } from './moves.js';
import type { SavedValues, Values } from './savedValues.js';
import { whiteSpace } from './text.js';
import type { DataWarning, InstalledPackage } from './types.js';
import { comparePackages, splitCpv, type PackageVersion } from './version.js';

/** Values that name other packages. */
const dependencyKeys: ReadonlySet<string> = new Set(['DEPEND', 'BDEPEND', 'RDEPEND', 'PDEPEND', 'IDEPEND']);

/**
 * The values that Portage keeps in an entry's consolidated `metadata` file (format 1). Of a fresh one a value that is
 * missing is empty, whatever the single file of that name says.
 */
const consolidated: ReadonlySet<string> = new Set(
  (
    'BDEPEND BUILD_ID BUILD_TIME CHOST COUNTER DEFINED_PHASES DEPEND DESCRIPTION EAPI HOMEPAGE IDEPEND IUSE KEYWORDS ' +
    'LICENSE PDEPEND PROPERTIES PROVIDES RDEPEND REQUIRES RESTRICT SLOT USE repository'
  ).split(' '),
);

/** Where a value was read, for messages about it. */
export interface ValueSource {
  file: string;
  /** 1-based. */
  line: number;
}

/** A database of installed packages, as its entries know it. */
interface DatabasePlace {
  readonly directory: string;
  readonly system: SystemName;
  readonly warn: (warning: DataWarning) => void;
  /** Values of this database read in earlier runs. */
  readonly saved: SavedValues | undefined;
}

/** An entry of the database whose values can be read. */
export class InstalledEntry implements InstalledPackage {
  readonly cpv: PackageId;
  readonly category: string;
  readonly pf: string;
  readonly directory: string;
  readonly #warn: (warning: DataWarning) => void;
  readonly #saved: SavedValues | undefined;
  #parts: PackageVersion;
  /** What has moved since the database was brought up to date; undefined: nothing. */
  #moves: readonly Move[] | undefined;
  /** SLOT after slot moves. */
  #slot: string | undefined;
  /** Values already asked for, also in earlier runs; undefined before the first. */
  #values: Values | undefined;
  /** The text of the `metadata` file behind a line end; null when it is not in use, undefined before the first read. */
  #metadata: string | null | undefined;
  /** Names of the single files; undefined before one was needed. */
  #files: ReadonlySet<string> | undefined;

  /** @param parts category, name and version, taken apart */
  constructor(parts: PackageVersion, { directory, system, warn, saved }: DatabasePlace) {
    this.#parts = parts;
    this.cpv = packageId(parts.cpv, system);
    this.category = parts.category;
    this.pf = parts.cpv.slice(parts.category.length + 1);
    this.directory = `${directory}/${parts.cpv}`;
    this.#saved = saved;
    this.#warn = (warning) => {
      // It has to be said again in the next run.
      saved?.forget(this.cpv);
      warn(warning);
    };
  }

  /** The name that atoms see, taken apart: after package moves it is another than that of the directory. */
  get parts(): PackageVersion {
    return this.#parts;
  }

  /** The recorded repository, its name repaired as Portage does it; `__unknown__` when there is none. */
  get repository(): string {
    const words = this.value('repository')
      .replace(/[^\w-]/g, ' ')
      .split(' ')
      .filter(Boolean);
    return words.join('-').replace(/^-+/, '') || unknownRepository;
  }

  /** From now on atoms see it by another name. */
  rename(parts: PackageVersion): void {
    this.#parts = parts;
  }

  /** From now on it is in another slot; its sub-slot stays when it has one of its own. */
  moveSlot(to: string): void {
    const { slot, subslot } = splitSlot(this.value('SLOT'), this.value('EAPI'));
    this.#slot = subslot === slot || subslot === to ? to : `${to}/${subslot}`;
  }

  /** From now on what it needs is read with what has moved. */
  follow(moves: readonly Move[]): void {
    this.#moves = moves;
  }

  /**
   * The value that Portage's `aux_get` would give for `key`: from the `metadata` file when that is fresh, otherwise from
   * the single file with runs of white space made one space; empty when there is none. An empty EAPI reads as `0`, and so does a SLOT
   * that is empty or not valid in the EAPI. A file that exists and cannot be read is warned about and counts as empty.
   */
  value(key: string): string {
    const values = (this.#values ??= this.#open());
    let value = values[key];
    if (value === undefined) {
      value = this.#read(key);
      if (key === 'EAPI' && value === '') value = '0';
      if (key === 'SLOT' && !slotPattern(this.value('EAPI')).test(value)) value = '0';
      values[key] = value;
      this.#saved?.noteNew();
    }
    if (key === 'SLOT' && this.#slot !== undefined) return this.#slot;
    return this.#moves !== undefined && dependencyKeys.has(key) ? moved(value, this.#moves) : value;
  }

  #open(): Values {
    if (this.#saved === undefined) return {};
    const stat = statSync(this.directory, { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? {} : this.#saved.open(this.cpv, stat);
  }

  /** The words of a value. */
  words(key: string): string[] {
    const value = this.value(key);
    return value === '' ? [] : value.split(whiteSpace).filter((word) => word !== '');
  }

  /** Where {@link value} found the value. */
  sourceOf(key: string): ValueSource {
    if (this.#metadata === undefined) this.#metadata = this.#readMetadata();
    const at = this.#findInMetadata(key);
    return at < 0
      ? { file: `${this.directory}/${key}`, line: 1 }
      : { file: `${this.directory}/metadata`, line: (this.#metadata ?? '').slice(0, at).split('\n').length };
  }

  #read(key: string): string {
    if (this.#metadata === undefined) this.#metadata = this.#readMetadata();
    if (this.#metadata === null || !consolidated.has(key)) return this.#readSingle(key);
    const at = this.#findInMetadata(key);
    if (at < 0) return '';
    const end = this.#metadata.indexOf('\n', at + 1);
    return this.#metadata.slice(at + key.length + 2, end < 0 ? undefined : end);
  }

  /** The offset of the line end before the last line that has the value, or -1. */
  #findInMetadata(key: string): number {
    if (typeof this.#metadata !== 'string') return -1;
    const wanted = `\n${key}=`;
    let found = -1;
    for (let at = this.#metadata.indexOf(wanted); at >= 0; at = this.#metadata.indexOf(wanted, at + 1))
      found = at;
    return found;
  }

  #readSingle(key: string): string {
    this.#files ??= new Set(list(this.directory, (path) => readdirSync(path), this.#warn));
    if (!this.#files.has(key)) return '';
    const text = readText(`${this.directory}/${key}`, this.#warn) ?? '';
    return text
      .split(whiteSpace)
      .filter((word) => word !== '')
      .join(' ');
  }

  /**
   * Reads the `metadata` file when it can be trusted: its `#format=` is 1 and its `#dir_mtime=` is the directory's
   * modification time in nanoseconds. A stale, truncated or unknown one is passed over without a warning: Portage does
   * the same, and it is not damage.
   */
  #readMetadata(): string | null {
    let text = readText(`${this.directory}/metadata`, this.#warn);
    if (text === undefined) return null;
    if (text.includes('\r')) text = text.replace(/\r\n?/g, '\n');
    text = `\n${text}`;
    let format: bigint | undefined;
    let time: bigint | undefined;
    for (let at = text.indexOf('\n#'); at >= 0; at = text.indexOf('\n#', at + 1)) {
      const end = text.indexOf('\n', at + 1);
      const line = text.slice(at + 1, end < 0 ? undefined : end);
      if (line.startsWith('#format=')) {
        format = parseInteger(line.slice(8));
        if (format !== 1n) return null;
      } else if (line.startsWith('#dir_mtime=')) {
        time = parseInteger(line.slice(11));
        if (time === undefined) return null;
      }
    }
    if (format === undefined || time === undefined) return null;
    const stat = statSync(this.directory, { bigint: true, throwIfNoEntry: false });
    return stat?.mtimeNs === time ? text : null;
  }
}

/** What is known of a database beside its place. */
export interface DatabaseOptions {
  /** Whether one that is not there is an error; default false. */
  readonly mustExist?: boolean;
  /** The system whose packages are in it; default the root. */
  readonly system?: SystemName;
  /** Values of this database read in earlier runs. */
  readonly saved?: SavedValues | undefined;
}

/** The installed packages below one database directory. */
export class InstalledDatabase {
  /** Sorted by cpv in code point order. */
  readonly packages: readonly InstalledEntry[];
  readonly #byCpv = new Map<PackageId, InstalledEntry>();
  readonly #byName = new Map<string, InstalledEntry[]>();
  readonly #saved: SavedValues | undefined;
  /** The database and its categories with what tells one state of each from another. */
  readonly #listed: ReadonlyMap<string, string | undefined>;

  /**
   * Lists `directory`. A database that does not exist is empty, unless it has to exist. What is not a package is skipped as Portage skips it:
   * hidden, CVS, `lost+found` and unfinished (`-MERGING-…`) directories and files silently, a directory whose name has no version
   * with a warning.
   *
   * @throws LvfsError `VDB_UNREADABLE` (exit 22) when the database directory cannot be listed.
   */
  constructor(
    readonly directory: string,
    warn: (warning: DataWarning) => void,
    { mustExist = false, system = 'root', saved }: DatabaseOptions = {},
  ) {
    this.#saved = saved;
    const place: DatabasePlace = { directory, system, warn, saved };
    const packages: InstalledEntry[] = [];
    // Before they are listed: what comes meanwhile is no more what is noted.
    const listed = new Map([[directory, settledIdentity(directory)]]);
    for (const categoryEntry of listRoot(directory, mustExist)) {
      const category = categoryEntry.name;
      if (skipped.test(category) || !categoryName.test(category)) continue;
      if (!isDirectory(categoryEntry, directory)) continue;
      const path = `${directory}/${category}`;
      listed.set(path, settledIdentity(path));
      for (const entry of listDirectory(path, warn)) {
        const pf = entry.name;
        if (skipped.test(pf) || !isDirectory(entry, path)) continue;
        const parts = splitCpv(`${category}/${pf}`);
        if (parts === undefined) {
          warn({
            file: `${path}/${pf}`,
            line: 0,
            message: `the name of this directory is not a package name with a version, such as foo-1.2-r3; it is ignored`,
          });
          continue;
        }
        packages.push(new InstalledEntry(parts, place));
      }
    }
    packages.sort((a, b) => (a.cpv < b.cpv ? -1 : 1));
    for (const entry of packages) {
      this.#byCpv.set(entry.cpv, entry);
      const { cp } = entry.parts;
      const others = this.#byName.get(cp);
      if (others === undefined) this.#byName.set(cp, [entry]);
      else others.push(entry);
    }
    for (const versions of this.#byName.values()) {
      if (versions.length > 1) versions.sort((a, b) => comparePackages(a.parts, b.parts));
    }
    this.packages = packages;
    this.#listed = listed;
  }

  /**
   * Whether nothing was merged, unmerged or changed since it was listed. Whoever changes an entry has to touch its category (`vardbapi._bump_mtime`,
   * Portage bug 290428). Always false of a database that changed a moment before it was listed.
   */
  isCurrent(): boolean {
    return [...this.#listed].every(([path, state]) => state !== undefined && state === settledIdentity(path));
  }

  /**
   * Sees packages under the names and in the slots that they have moved to, as though the database knew of it (`vardbapi.move_ent`, `move_slot_ent`). Their
   * cpv stays the name of their directory. Before anybody asks for names.
   *
   * @returns those that have moved
   */
  follow(moves: PackageMoves): ReadonlySet<InstalledEntry> {
    const found = new Set<InstalledEntry>();
    if (moves.isEmpty) return found;
    for (const list of moves.lists()) {
      for (const move of list) {
        for (const entry of [...this.versionsOf(move.kind === 'move' ? move.from : move.atom.cp)])
          if (moves.of(entry.repository) === list && this.#move(entry, move)) found.add(entry);
      }
    }
    for (const entry of this.packages) entry.follow(moves.of(entry.repository));
    return found;
  }

  /** Whether there was something to move. */
  #move(entry: InstalledEntry, move: Move): boolean {
    const { parts } = entry;
    if (move.kind === 'slotmove') {
      const candidate = {
        ...splitSlot(entry.value('SLOT'), entry.value('EAPI')),
        package: parts,
        repo: entry.repository,
        hasFlag: () => true,
        use: new Set<string>(),
        buildId: undefined,
      };
      const atom = { ...move.atom, slot: move.from, subslot: undefined, use: [], requiredFlags: [] };
      const isMeant = matchesAtom(atom, candidate);
      if (isMeant) entry.moveSlot(move.to);
      return isMeant;
    }
    const renamed = splitCpv(move.to + parts.cpv.slice(parts.cp.length));
    const there = this.#byName.get(move.to) ?? [];
    // One that is there already keeps its place, and this one its name.
    if (renamed === undefined || there.some((other) => other.parts.cpv === renamed.cpv)) return false;
    const left = this.versionsOf(parts.cp).filter((other) => other !== entry);
    if (left.length > 0) this.#byName.set(parts.cp, left);
    else this.#byName.delete(parts.cp);
    entry.rename(renamed);
    this.#byName.set(
      move.to,
      [...there, entry].sort((a, b) => comparePackages(a.parts, b.parts)),
    );
    return true;
  }

  /** Keeps the values read so far for the next run. */
  save(): void {
    this.#saved?.save((cpv) => this.#byCpv.has(cpv));
  }

  /** The entry of exactly this cpv. */
  get(cpv: PackageId): InstalledEntry | undefined {
    return this.#byCpv.get(cpv);
  }

  /** The installed versions of `category/name`, ascending; empty when there is none. */
  versionsOf(cp: string): readonly InstalledEntry[] {
    return this.#byName.get(cp) ?? [];
  }

  /** Every `category/name` that is installed in some version. */
  names(): Iterable<string> {
    return this.#byName.keys();
  }
}

/**
 * The packages below a database directory, when all that is in it is known to be a package or known to be none by its name;
 * undefined when {@link InstalledDatabase} has to look closer. Costs a fraction of that.
 */
export function listKnown(
  directory: string,
  system: SystemName,
  known: ReadonlySet<PackageId>,
): Pick<InstalledPackage, 'cpv' | 'directory'>[] | undefined {
  const found: Pick<InstalledPackage, 'cpv' | 'directory'>[] = [];
  let isSure = true;
  const names = (path: string): string[] =>
    list(
      path,
      (at) => readdirSync(at),
      () => (isSure = false),
    );
  for (const category of names(directory)) {
    if (skipped.test(category) || !categoryName.test(category)) continue;
    const path = `${directory}/${category}`;
    for (const pf of names(path)) {
      const cpv = packageId(`${category}/${pf}`, system);
      if (known.has(cpv)) found.push({ cpv, directory: `${path}/${pf}` });
      else if (!skipped.test(pf)) isSure = false;
    }
  }
  return isSure ? found : undefined;
}

const skipped = /^(?:\..*|-MERGING-.*|CVS|lost\+found)$/s;
const categoryName = /^\w[-.+\w]*$/;

/** What Python's `int()` takes, as far as it is ASCII. */
function parseInteger(text: string): bigint | undefined {
  const match = /^\s*([+-]?)(\d+(?:_\d+)*)\s*$/.exec(text);
  if (match === null) return undefined;
  const value = BigInt(match[2]!.replaceAll('_', ''));
  return match[1] === '-' ? -value : value;
}

function listRoot(directory: string, mustExist: boolean): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    if (errorCode(error) === 'ENOENT' && !mustExist) return [];
    throw new LvfsError('VDB_UNREADABLE', `cannot read the database of installed packages, ${directory}`, {
      cause: error,
    });
  }
}

/** The entries of a directory of the database with their types, which cost more than the names. */
function listDirectory(path: string, warn: (warning: DataWarning) => void): Dirent[] {
  return list(path, () => readdirSync(path, { withFileTypes: true }), warn);
}

/** What `read` finds in a directory of the database; nothing in one that has just been removed. */
function list<T>(path: string, read: (path: string) => T[], warn: (warning: DataWarning) => void): T[] {
  try {
    return read(path);
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    if (!isAbsent(error)) {
      warn({
        file: path,
        line: 0,
        message: `cannot be listed (${code}); what is in it counts as not installed`,
      });
    }
    return [];
  }
}

/** Links to directories count as directories, as they do for Portage. */
function isDirectory(entry: Dirent, parent: string): boolean {
  if (entry.isDirectory()) return true;
  if (entry.isFile()) return false;
  return statSync(`${parent}/${entry.name}`, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** SLOT as PMS 3.1.3 and 7.2 have it: sub-slots came with EAPI 5. */
function slotPattern(eapi: string): RegExp {
  return eapiFeatures(eapi).slotOperators ? /^\w[\w+.-]*(?:\/\w[\w+.-]*)?$/ : /^\w[\w+.-]*$/;
}

let buffer = Buffer.allocUnsafe(1 << 16);

/** Bytes of a value at most; a device has no end. */
const largestValue = 16 << 20;

/** The text of a file, what is not UTF-8 as U+FFFD; undefined when there is no such file or it cannot be read. */
function readText(path: string, warn: (warning: DataWarning) => void): string | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, readingFlags);
    let size = 0;
    for (;;) {
      size += readSync(descriptor, buffer, size, buffer.length - size, null);
      // Of a regular file less than was asked for means its end; a read to see that would cost as much as the first.
      if (size < buffer.length) break;
      if (size > largestValue) throw systemError('EFBIG', 'is too large');
      buffer = Buffer.concat([buffer], buffer.length * 2);
    }
    return buffer.toString('utf8', 0, size);
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    if (!isAbsent(error)) {
      warn({ file: path, line: 0, message: `cannot be read (${code}); it counts as missing` });
    }
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
