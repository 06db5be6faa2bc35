/**
 * The values of installed packages, kept from one run to the next: to read them from a database takes some seven files a
 * package.
 *
 * An entry's values are believed as long as its directory has the time, in nanoseconds, and the inode that it had when they were
 * read. That is what Portage's own cache of them (`vdb_metadata.pickle`) goes by: a merge makes a new directory, and Portage
 * replaces single files by renaming. An entry that changed less than two seconds before it was read is not kept, as a later
 * change could leave the same time.
 */
import { fstatSync, readFileSync, type BigIntStats } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import {
  distrust,
  errorCode,
  isRecord,
  isTexts,
  knownPackageId,
  openSaved,
  parseJson,
  replaceFile,
  type PackageId,
} from '../base/index.js';

/** Values by key. */
export type Values = Record<string, string>;

interface SavedEntry {
  /** Time and inode of the directory. */
  readonly identity: string;
  readonly values: Values;
}

const magic = 'lvfs-values-1';
const settledMs = 2000;

/** What is saved of one database. */
export class SavedValues {
  readonly #file: string;
  readonly #database: string;
  readonly #entries: Map<PackageId, SavedEntry>;
  #hasNew = false;

  /**
   * Reads the file. One that is missing, damaged, or that somebody else could have written counts as empty.
   *
   * @param directory where such files are kept
   * @param database the database's directory, absolute
   */
  constructor(directory: string, database: string) {
    const digest = crc32(database).toString(16).padStart(8, '0');
    this.#file = join(directory, `values-${digest}`);
    this.#database = database;
    this.#entries = load(this.#file, database);
  }

  /** The values of an entry whose directory is so now: those that are saved, and room for more. */
  open(cpv: PackageId, directory: BigIntStats): Values {
    const identity = `${directory.mtimeNs} ${directory.ino}`;
    const saved = this.#entries.get(cpv);
    if (saved?.identity === identity) return saved.values;
    this.#entries.delete(cpv);
    const values: Values = {};
    if (Date.now() - Number(directory.mtimeMs) > settledMs) this.#entries.set(cpv, { identity, values });
    return values;
  }

  /** Something was added to values. */
  noteNew(): void {
    this.#hasNew = true;
  }

  /** The entry's values are not to be kept. */
  forget(cpv: PackageId): void {
    this.#entries.delete(cpv);
  }

  /**
   * Saves what is new, for packages that are installed. Where nothing can be written each run reads the database.
   *
   * @param isInstalled tells what is worth keeping
   */
  save(isInstalled: (cpv: PackageId) => boolean): void {
    if (!this.#hasNew) return;
    this.#hasNew = false;
    const entries = Object.fromEntries([...this.#entries].filter(([cpv]) => isInstalled(cpv)));
    const body = Buffer.from(JSON.stringify({ database: this.#database, entries }));
    try {
      replaceFile(this.#file, [Buffer.from(`${magic} ${crc32(body)}\n`), body]);
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
    }
  }
}

function load(file: string, database: string): Map<PackageId, SavedEntry> {
  const entries = new Map<PackageId, SavedEntry>();
  let data: Buffer;
  try {
    using saved = openSaved(file);
    if (distrust(fstatSync(saved.fd)) !== undefined) return entries;
    data = readFileSync(saved.fd);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return entries;
  }
  const start = data.indexOf('\n') + 1;
  const body = data.subarray(start);
  if (data.toString('latin1', 0, start) !== `${magic} ${crc32(body)}\n`) return entries;
  const saved = parseJson(body.toString(), isRecord);
  if (saved?.['database'] !== database || !isRecord(saved['entries'])) return entries;
  for (const [cpv, entry] of Object.entries(saved['entries']))
    if (isEntry(entry)) entries.set(knownPackageId(cpv), entry);
  return entries;
}

function isEntry(value: unknown): value is SavedEntry {
  if (!isRecord(value) || typeof value['identity'] !== 'string' || !isRecord(value['values'])) return false;
  return isTexts(Object.values(value['values']));
}
