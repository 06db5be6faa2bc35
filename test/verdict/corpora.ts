/**
 * The verdict corpora: directories that are repositories of ebuilds and have an expect.toml with one table a case.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, type TomlTable } from 'smol-toml';
import type { Expectation } from './judge.js';

/** A case of a corpus. */
export interface Case {
  /** `CORPUS/NAME`, as it is named on the command line and in results. */
  readonly key: string;
  /** The atom that is built. */
  readonly atom: string;
  /** The kind of tool that it is about; empty where the corpus does not say. */
  readonly tool: string;
  readonly expect: Expectation;
  /** FEATURES of Portage in the environment of the build. */
  readonly features: string;
  /** Whether it is among those that continuous integration runs. */
  readonly quick: boolean;
  /** Debian source whose original tarball the ebuild builds; empty: all is in the ebuild. */
  readonly source: string;
}

/** A corpus and its cases. */
export interface Corpus {
  readonly name: string;
  readonly directory: string;
  readonly cases: readonly Case[];
}

/** A list that may be written as one string. */
function list(table: TomlTable, key: string): string[] {
  const value = table[key] ?? [];
  const values = Array.isArray(value) ? value : [value];
  if (!values.every((one): one is string => typeof one === 'string')) throw new TypeError(`${key}: strings`);
  return values.filter((one) => one !== '');
}

function text(table: TomlTable, key: string): string {
  const value = table[key] ?? '';
  if (typeof value !== 'string') throw new TypeError(`${key}: a string`);
  return value;
}

function status(table: TomlTable): number | 'compare' {
  const value = table['status'] ?? 0;
  if (typeof value === 'number' || value === 'compare') return value;
  throw new TypeError('status: a number or "compare"');
}

/** Reads the corpus in `directory`, which has `profiles/repo_name`; a malformed expect.toml throws. */
export function readCorpus(name: string, directory: string): Corpus {
  const repository = readFileSync(join(directory, 'profiles/repo_name'), 'utf8').trim();
  const tables = Object.entries(parse(readFileSync(join(directory, 'expect.toml'), 'utf8')));
  const cases = tables.map(([caseName, table]): Case => {
    if (typeof table !== 'object' || Array.isArray(table) || table instanceof Date) {
      throw new TypeError(`${directory}/expect.toml: ${caseName}: a table`);
    }
    return {
      key: `${name}/${caseName}`,
      atom: `${repository}/${caseName}`,
      tool: text(table, 'tool'),
      expect: {
        package: list(table, 'package'),
        variable: list(table, 'variable'),
        status: status(table),
        unseen: table['unseen'] === true,
        alsoOk: list(table, 'also_ok'),
      },
      features: text(table, 'features'),
      quick: table['quick'] === true,
      source: text(table, 'debian'),
    };
  });
  return { name, directory, cases };
}

/** The corpora below `directory`, each named with the prefix; none when the directory is not there. */
export function readCorpora(directory: string, prefix = ''): Corpus[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .sort()
    .filter((name) => existsSync(join(directory, name, 'expect.toml')))
    .map((name) => readCorpus(prefix + name, join(directory, name)));
}
