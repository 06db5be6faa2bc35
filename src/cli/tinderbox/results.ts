/** A directory of results: a journal, a page with all verdicts, and for each target its report, its log and its JSON. */
import { existsSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import {
  errorCode,
  isAbsent,
  LvfsError,
  makeDirectories,
  replaceFile,
  type Logger,
} from '../../base/index.js';
import type { Checked } from '../../library/index.js';
import { PlainFile } from '../../system/index.js';
import { schemaVersion } from '../output.js';
import { indexPage } from './indexPage.js';
import { Journal, journalName } from './journal.js';
import type { Verdict } from './verdict.js';

/** How often the page with all verdicts is written on the way. */
const pageEveryMs = 10_000;

/** Of the directories that are made. */
const directoryMode = 0o755;

/** See the head of this file. */
export class Results {
  readonly directory: string;
  readonly journal: Journal;
  readonly #log: Logger;
  #pageWritten = performance.now();

  /**
   * @param goesOn there may be verdicts in there
   * @throws LvfsError CANNOT_WRITE, RESULTS_EXIST (exit 1)
   */
  constructor(directory: string, goesOn: boolean, log: Logger) {
    this.directory = directory;
    this.#log = log;
    const path = join(directory, journalName);
    try {
      makeDirectories(directory, directoryMode);
      if (!goesOn && (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0)
        throw new LvfsError('RESULTS_EXIST', `${directory}: has verdicts already`);
    } catch (error) {
      if (errorCode(error) === undefined || error instanceof LvfsError) throw error;
      throw new LvfsError('CANNOT_WRITE', `${directory}: cannot be written`, { cause: error });
    }
    this.journal = new Journal(path);
  }

  /**
   * Keeps the log and the page of a build. What emerge has left of one that failed is removed: the log is here.
   *
   * @returns what came of it, with its log where it is now
   */
  keep(checked: Checked): { checked: Checked; files: Verdict['files'] } {
    const { outcome } = checked;
    const [name] = outcome?.targets ?? [];
    if (outcome === undefined || name === undefined) return { checked, files: undefined };
    const log = `${name}.log`;
    const page = outcome.html === undefined ? undefined : `${name}.html`;
    if (!this.#save(log, stripVTControlCharacters(outcome.output))) return { checked, files: undefined };
    if (page !== undefined) this.#save(page, outcome.html ?? '');
    for (const left of outcome.logs) {
      const end = `/${name}/temp/build.log`;
      if (left.endsWith(end))
        rmSync(left.slice(0, -'/temp/build.log'.length), { recursive: true, force: true });
    }
    const logs = outcome.status === 0 ? [] : [resolve(this.directory, log)];
    return {
      checked: { ...checked, outcome: { ...outcome, logs } },
      files: { ...(page === undefined ? {} : { page }), log, json: `${name}.json` },
    };
  }

  /** Notes a verdict. */
  note(verdict: Verdict, json: Readonly<Record<string, unknown>>): void {
    this.journal.add(verdict);
    if (verdict.files !== undefined)
      this.#save(verdict.files.json, `${JSON.stringify({ schemaVersion, ...json })}\n`);
  }

  /** The page of a verdict's report. */
  pageOf({ files }: Verdict): string | undefined {
    const path = files?.page === undefined ? undefined : join(this.directory, files.page);
    return path !== undefined && existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  }

  /** Takes the files of a verdict over from another directory, which another machine may have filled: no link in there is followed. */
  take({ files }: Verdict, from: string): void {
    if (files === undefined) return;
    for (const file of [files.page, files.log, files.json]) {
      const data = file === undefined ? undefined : this.#read(from, file);
      if (file !== undefined && data !== undefined) this.#save(file, data);
    }
  }

  #read(directory: string, name: string): Buffer | undefined {
    try {
      using file = new PlainFile(join(realpathSync(directory), name));
      return readFileSync(file.fd);
    } catch (error) {
      const code = errorCode(error);
      if (code === undefined) throw error;
      if (!isAbsent(error)) this.#log('warn', `${join(directory, name)}: cannot be taken over (${code})`);
      return undefined;
    }
  }

  /**
   * Writes the page with all verdicts, on the way not every time.
   *
   * @param left targets without a verdict
   */
  writeIndex(verdicts: Iterable<Verdict>, left: readonly string[], isEnd: boolean): void {
    if (!isEnd && performance.now() - this.#pageWritten < pageEveryMs) return;
    this.#save('index.html', indexPage([...verdicts], left));
    this.#pageWritten = performance.now();
  }

  #save(name: string, content: string | Uint8Array): boolean {
    const path = join(this.directory, name);
    try {
      makeDirectories(dirname(path), directoryMode);
      replaceFile(path, [Buffer.from(content)]);
      return true;
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
      this.#log('warn', `${path}: cannot be written (${errorCode(error) ?? ''})`);
      return false;
    }
  }

  /** Nothing is written afterwards. */
  close(): void {
    this.journal.close();
  }
}
