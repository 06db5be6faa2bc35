/**
 * A configuration file as TOML with the lines of its keys, and the tables that it may have: `[[system-path]]` and `[[ignore]]`, each described
 * by a schema. What is wrong is said with file and line.
 */
import { isAbsolute } from 'node:path';
import { parse } from 'smol-toml';
import * as v from 'valibot';
import type { IgnoreSetting, SystemPathChange } from '../daemon/index.js';
import { badSetting, showValue, unknownKey, type Origin } from './badSetting.js';

/** What a configuration file says, with where it stands. */
export type Configured<T> = T & { readonly origin: Origin };

const found = ({ input }: { readonly input: unknown }): string => `found ${showValue(input)}`;
const text = v.pipe(
  v.string((issue) => `expected a string, ${found(issue)}`),
  v.nonEmpty((issue) => `expected a string, ${found(issue)}`),
);
const notPackage = (issue: { readonly input: unknown }): string => `expected category/name, ${found(issue)}`;
const packageName = v.pipe(v.string(notPackage), v.regex(/^\w[\w+.-]*\/\w[\w+-]*$/, notPackage));
const kinds = ['tree', 'directory', 'private', 'beside'] as const;

const systemPathSchema = v.pipe(
  v.strictObject({
    path: v.pipe(
      text,
      v.check(isAbsolute, (issue) => `expected an absolute path, ${found(issue)}`),
    ),
    kind: v.optional(
      v.pipe(
        text,
        v.picklist(kinds, (issue) => `expected tree, directory, private or beside, ${found(issue)}`),
      ),
      'tree',
    ),
    packages: v.exactOptional(v.array(packageName, (issue) => `expected a list of strings, ${found(issue)}`)),
    reason: v.optional(text),
    remove: v.optional(
      v.boolean((issue) => `expected true or false, ${found(issue)}`),
      false,
    ),
  }),
  v.forward(
    v.partialCheck(
      [['path'], ['kind']],
      ({ path, kind }) => kind !== 'beside' || path.endsWith('/*'),
      ({ input }) => `expected DIR/* for the kind beside, found '${input.path}'`,
    ),
    ['path'],
  ),
);

const ignoreSchema = v.pipe(
  v.strictObject({
    package: v.exactOptional(packageName),
    path: v.exactOptional(text),
    target: v.exactOptional(packageName),
    reason: text,
  }),
  v.check((rule) => rule.package !== undefined || rule.path !== undefined, "'package' or 'path' is missing"),
);

/** A configuration file. */
export class ConfigFile {
  readonly #path: string;
  readonly #lines: KeyLines;
  /** What stands outside of tables, and the tables, by name. */
  readonly values: Readonly<Record<string, unknown>>;

  /** @throws LvfsError BAD_CONFIG at the line of a syntax error */
  constructor(path: string, content: string) {
    this.#path = path;
    this.#lines = new KeyLines(content);
    this.values = parseToml(path, content);
  }

  /** `FILE:LINE` of a key, of the n-th table of a name, or of a key in it. */
  at(name: string, nth?: number, key?: string): Origin {
    return `${this.#path}:${this.#lines.of(name, nth, key)}`;
  }

  systemPaths(): Configured<SystemPathChange>[] {
    return this.#tables('system-path', systemPathSchema).map(
      ({ table: { packages = [], ...table }, origin }) => ({
        ...table,
        // Tied to none is tied to nothing.
        ...(packages.length === 0 ? {} : { packages }),
        reason: table.reason ?? `Set in ${origin}.`,
        origin,
      }),
    );
  }

  ignoreRules(): Configured<IgnoreSetting>[] {
    return this.#tables('ignore', ignoreSchema).map(({ table, origin }) => ({ ...table, origin }));
  }

  #tables<T extends v.GenericSchema>(name: string, schema: T): { table: v.InferOutput<T>; origin: Origin }[] {
    const tables = this.values[name] ?? [];
    if (!Array.isArray(tables) || !tables.every(isTable))
      throw badSetting(this.at(name), `${name}: expected tables, written [[${name}]]`);
    return tables.map((values, nth) => {
      const result = v.safeParse(schema, values);
      if (result.success) return { table: result.output, origin: this.at(name, nth) };
      throw this.#wrong(name, nth, values, result.issues);
    });
  }

  /** The error for what a schema finds wrong with a table: of several, what is no key of it first. */
  #wrong(
    name: string,
    nth: number,
    values: Readonly<Record<string, unknown>>,
    issues: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]],
  ): Error {
    const known =
      name === 'ignore' ? Object.keys(ignoreSchema.entries) : Object.keys(systemPathSchema.entries);
    const stranger = Object.keys(values).find((key) => !known.includes(key));
    if (stranger !== undefined) return unknownKey(this.at(name, nth, stranger), stranger, known);
    const [issue] = issues;
    const key = issue.path?.[0]?.key;
    if (typeof key !== 'string') return badSetting(this.at(name, nth), `${name}: ${issue.message}`);
    if (!(key in values)) return badSetting(this.at(name, nth), `${name}: '${key}' is missing`);
    return badSetting(this.at(name, nth, key), `${key}: ${issue.message}`);
  }
}

const isTable = (item: unknown): item is Record<string, unknown> =>
  typeof item === 'object' && item !== null && !Array.isArray(item);

function parseToml(path: string, text: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof Error && 'line' in error && typeof error.line === 'number')) throw error;
    const message = error.message.split('\n')[0]?.replace(/^Invalid TOML document: /, '') ?? '';
    throw badSetting(`${path}:${error.line}`, `is not TOML: ${message}`);
  }
}

/**
 * The lines on which keys stand. The TOML parser gives none, so the text is read once more, just far enough: table
 * headers and the first word of each line outside of them.
 */
class KeyLines {
  readonly #lines = new Map<string, number>();

  constructor(text: string) {
    const count = new Map<string, number>();
    let table = '';
    text.split('\n').forEach((line, index) => {
      const header = /^\s*\[\[?\s*["']?([\w-]+)["']?\s*\]/.exec(line);
      if (header !== null) {
        const name = header[1]!;
        const nth = count.get(name) ?? 0;
        count.set(name, nth + 1);
        table = `${name}[${nth}]`;
        this.#add(table, index);
        this.#add(name, index);
        return;
      }
      const key = /^\s*["']?([\w-]+)["']?\s*[=.]/.exec(line);
      if (key !== null) this.#add(table === '' ? key[1]! : `${table}.${key[1]}`, index);
    });
  }

  #add(name: string, index: number): void {
    if (!this.#lines.has(name)) this.#lines.set(name, index + 1);
  }

  /** 1-based line of a top-level key, of the n-th table of a name, or of a key in it. */
  of(name: string, nth?: number, key?: string): number {
    const table = nth === undefined ? name : `${name}[${nth}]`;
    return (
      (key === undefined ? undefined : this.#lines.get(`${table}.${key}`)) ?? this.#lines.get(table) ?? 1
    );
  }
}
