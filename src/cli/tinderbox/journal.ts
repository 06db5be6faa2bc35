/**
 * The journal of `lvfs check`: one JSON object a line, either a verdict or `{"targets":[…]}`, what there is to be checked. It is only ever
 * added to, so whatever ends a run costs no more than the line that was being written.
 */
import {
  closeSync,
  constants,
  existsSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { errorCode, isRecord, LvfsError, parseJson, readNamed } from '../../base/index.js';
import { openOwn } from '../outputFiles.js';
import { schemaVersion } from '../output.js';
import { parseVerdict, type Verdict } from './verdict.js';

/** The name of a journal in a directory of results. */
export const journalName = 'journal.jsonl';

/** Bytes: some ten thousand failed builds. */
const longestJournal = 256 << 20;

/** What stands in journals. */
export interface Recorded {
  /** The last verdict on each target, in the order in which these were first told. */
  readonly verdicts: ReadonlyMap<string, Verdict>;
  /** In which of the places each of them stands. */
  readonly places: ReadonlyMap<string, string>;
  /** All that there was to be checked. */
  readonly targets: ReadonlySet<string>;
}

/**
 * Reads journals, or what `lvfs check --json` printed. Of several verdicts on a target the one that ended last counts. Lines that are torn or
 * say something else are passed over.
 *
 * @param places files, or directories with a journal
 * @throws LvfsError NO_JOURNAL (exit 1)
 */
export function readJournals(places: readonly string[]): Recorded {
  const verdicts = new Map<string, Verdict>();
  const found = new Map<string, string>();
  const targets = new Set<string>();
  for (const place of places) {
    for (const line of linesOf(place)) {
      const value = parseJson(line, isRecord);
      const verdict = parseVerdict(value);
      if (verdict !== undefined) {
        const before = verdicts.get(verdict.target);
        if (before === undefined || (before.ended ?? '') <= (verdict.ended ?? '')) {
          verdicts.set(verdict.target, verdict);
          found.set(verdict.target, place);
        }
        targets.add(verdict.target);
      } else if (value !== undefined && Array.isArray(value['targets'])) {
        for (const target of value['targets']) targets.add(String(target));
      }
    }
  }
  return { verdicts, places: found, targets };
}

function linesOf(place: string): string[] {
  try {
    const file = statSync(place).isDirectory() ? join(place, journalName) : place;
    return readNamed(file, longestJournal).toString('utf8').split('\n');
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    throw new LvfsError('NO_JOURNAL', `${place}: cannot be read`, { cause: error });
  }
}

/** A journal that is being written. A line that cannot be written is kept, and written before the next. */
export class Journal {
  readonly path: string;
  readonly #fd: number;
  #waiting: string[] = [];
  #failure: unknown;

  /** @throws LvfsError CANNOT_WRITE (exit 1) */
  constructor(path: string) {
    this.path = path;
    const isNew = !existsSync(path);
    try {
      this.#fd = openOwn(path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND);
      // What was torn stays a line of its own.
      if (!isNew && !this.#endsWithLine()) this.#put('\n');
    } catch (error) {
      if (error instanceof LvfsError || errorCode(error) === undefined) throw error;
      throw new LvfsError('CANNOT_WRITE', `${path}: cannot be written`, { cause: error });
    }
  }

  #endsWithLine(): boolean {
    const { size } = fstatSync(this.#fd);
    if (size === 0) return true;
    const last = Buffer.alloc(1);
    readSync(this.#fd, last, 0, 1, size - 1);
    return last.toString('latin1') === '\n';
  }

  /** Adds a line; when it returns, the line is on the disk or waits for room there. */
  add(value: Readonly<Record<string, unknown>>): void {
    this.#waiting.push(`${JSON.stringify({ schemaVersion, ...value })}\n`);
    this.flush();
  }

  /** Writes what waits for room. */
  flush(): void {
    try {
      while (this.#waiting.length > 0) {
        this.#put(this.#waiting[0] ?? '');
        this.#waiting.shift();
      }
      this.#failure = undefined;
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
      this.#failure = error;
    }
  }

  /** Writes a text whole, or not at all. */
  #put(text: string): void {
    const { size } = fstatSync(this.#fd);
    const bytes = Buffer.from(text);
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(this.#fd, bytes, at);
      fdatasyncSync(this.#fd);
    } catch (error) {
      ftruncateSync(this.#fd, size);
      throw error;
    }
  }

  /** Why lines wait; undefined when none does. */
  get failure(): LvfsError | undefined {
    if (this.#failure === undefined) return undefined;
    const lines = `${this.#waiting.length} line${this.#waiting.length === 1 ? '' : 's'}`;
    return new LvfsError('CANNOT_WRITE', `${this.path}: ${lines} cannot be written`, {
      cause: this.#failure,
    });
  }

  close(): void {
    closeSync(this.#fd);
  }
}
