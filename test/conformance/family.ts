/**
 * What a family of conformance vectors is to the runner: the files it reads and a generator of outcomes. Each group of
 * families is a module of this folder that exports an array of them; `main.ts` lists the modules.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

/** The result of one vector. */
export interface Outcome {
  readonly ok: boolean;
  /** The question, as short as tells which vector it is. */
  readonly what: string;
  readonly expected?: unknown;
  readonly got?: unknown;
}

/** A family of vectors. */
export interface Family {
  /** How it is named in the output: its file without the ending, `closure`. */
  readonly name: string;
  /** The file that must be there for the family to run. */
  readonly file: string;
  /** Further files it reads; they are then not reported as unknown. */
  readonly alsoReads?: readonly string[];
  /** Answers one outcome per vector, as it goes. A throw counts as one failure and ends the family. */
  readonly run: (vectors: Vectors) => Iterable<Outcome> | AsyncIterable<Outcome>;
}

/** Compares an answer with what the vector says; `accept` has further answers that are right as well. */
export function compare(
  what: string,
  got: unknown,
  expected: unknown,
  ...accept: readonly unknown[]
): Outcome {
  const ok = isDeepStrictEqual(got, expected) || accept.some((other) => isDeepStrictEqual(got, other));
  return ok ? { ok, what } : { ok, what, expected, got };
}

/** The vectors themselves cannot be used. */
class BadVectors extends Error {}

/** A folder of vectors, the repository they speak of, and a scratch folder that is removed at the end. */
export class Vectors {
  #scratch: string | undefined;
  readonly #unpacked = new Map<string, string>();

  constructor(
    readonly directory: string,
    readonly givenRepo?: string,
  ) {}

  /** Whether the folder has a file of this name. */
  has(file: string): boolean {
    return existsSync(join(this.directory, file));
  }

  /** The rows of a `.jsonl` file. */
  *rows<T>(file: string): Generator<T> {
    const text = this.#text(file);
    for (let from = 0, number = 1; from < text.length; number++) {
      const end = text.indexOf('\n', from);
      const line = text.slice(from, end < 0 ? text.length : end);
      if (line.trim() !== '') yield this.#parse(line, `${file}:${number}`) as T;
      from = end < 0 ? text.length : end + 1;
    }
  }

  /** The value of a `.json` file. */
  json<T>(file: string): T {
    return this.#parse(this.#text(file), file) as T;
  }

  #text(file: string): string {
    if (!this.has(file)) throw new BadVectors(`${join(this.directory, file)} is missing`);
    return readFileSync(join(this.directory, file), 'utf8');
  }

  #parse(text: string, place: string): unknown {
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new BadVectors(`${join(this.directory, place)}: ${(error as SyntaxError).message}`);
    }
  }

  /** The repository `gentoo`: the one given, else beside or below the vectors. */
  get gentooRepo(): string {
    const places = [join(this.directory, 'gentoo-repo'), join(this.directory, '..', 'gentoo-repo')];
    const found = (this.givenRepo === undefined ? places : [this.givenRepo]).find((place) =>
      existsSync(place),
    );
    if (found === undefined) {
      throw new BadVectors(
        `no Gentoo repository at ${this.givenRepo ?? places.join(' or ')}: give --gentoo-repo DIR`,
      );
    }
    return found;
  }

  /** A new empty folder. */
  scratch(name: string): string {
    this.#scratch ??= mkdtempSync(join(tmpdir(), 'lvfs-conformance-'));
    return mkdtempSync(join(this.#scratch, `${name}-`));
  }

  /** The folder with what a `.tar.gz` of the vectors holds; its times are those in the archive. */
  archive(file: string): string {
    let folder = this.#unpacked.get(file);
    if (folder === undefined) {
      folder = join(this.scratch('archive'), 'root');
      mkdirSync(folder);
      execFileSync('tar', ['-xzf', join(this.directory, file), '-C', folder]);
      this.#unpacked.set(file, folder);
    }
    return folder;
  }

  /** Removes what was unpacked. */
  close(): void {
    if (this.#scratch !== undefined) rmSync(this.#scratch, { recursive: true, force: true });
    this.#scratch = undefined;
    this.#unpacked.clear();
  }
}

/** The sum of a family. */
export interface Tally {
  readonly family: string;
  readonly total: number;
  readonly passed: number;
  /** The first few failures. */
  readonly failures: readonly Outcome[];
  readonly seconds: number;
}

/** Runs a family to its end. */
export async function runFamily(family: Family, vectors: Vectors, keep = 5): Promise<Tally> {
  const started = performance.now();
  const failures: Outcome[] = [];
  let total = 0;
  let passed = 0;
  try {
    for await (const outcome of family.run(vectors)) {
      total++;
      if (outcome.ok) passed++;
      else if (failures.length < keep) failures.push(outcome);
    }
  } catch (error) {
    total++;
    failures.unshift({
      ok: false,
      what: `stopped: ${error instanceof BadVectors ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    });
  }
  return { family: family.name, total, passed, failures, seconds: (performance.now() - started) / 1000 };
}
