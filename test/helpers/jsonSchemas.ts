/** Holds what verbs print with --json against the schemas that are published, with no field allowed that these do not have. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Result } from './lvfs.js';

const directory = fileURLToPath(new URL('../../../docs/schemas/', import.meta.url));

/** The names of all schemas. */
export const schemaNames: readonly string[] = readdirSync(directory)
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.slice(0, -'.json'.length));

const validators = new Map<string, ValidateFunction>();

/** Within a version fields may be added: users' programs pass them by, and tests do not. */
function withoutMore(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutMore);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, withoutMore(value)]));
  return 'properties' in schema && !('additionalProperties' in schema)
    ? { ...inner, additionalProperties: false }
    : inner;
}

function validatorOf(name: string): ValidateFunction {
  const known = validators.get(name);
  if (known !== undefined) return known;
  const ajv = new Ajv2020({ allErrors: true, strict: true });
  ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
  const schema: unknown = JSON.parse(readFileSync(`${directory}${name}.json`, 'utf8'));
  const made = ajv.compile(withoutMore(schema) as object);
  validators.set(name, made);
  return made;
}

/** What is wrong with an object by a schema; empty when it is as described. */
export function complaintsAbout(name: string, value: unknown): string[] {
  const validate = validatorOf(name);
  if (validate(value)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath}: ${message ?? ''} ${JSON.stringify(params)}`,
  );
}

/** Verbs whose standard output is another program's. */
const passing = new Set(['run', 'shell', 'emerge', 'ebuild', 'help', 'completion']);

/** The schema for a command line; undefined when it asks for no JSON, or prints what others print. */
function schemaFor(args: readonly string[]): string | undefined {
  const end = args.indexOf('--');
  const words = end === -1 ? args : args.slice(0, end);
  if (!words.includes('--json') || words.includes('--help') || words.includes('-h')) return undefined;
  const [verb = ''] = words.filter((word) => !word.startsWith('-'));
  if (words.includes('--version') && !schemaNames.includes(verb)) return 'version';
  return schemaNames.includes(verb) && !passing.has(verb) ? verb : undefined;
}

/** @throws Error for a line that is not as its schema describes */
export function checkJson(args: readonly string[], { stdout }: Pick<Result, 'stdout'>): void {
  const name = schemaFor(args);
  if (name === undefined) return;
  for (const line of stdout.split('\n').filter((text) => text.startsWith('{'))) {
    const wrong = complaintsAbout(name, JSON.parse(line));
    if (wrong.length > 0)
      throw new Error(`lvfs ${args.join(' ')}: not as ${name}.json has it:\n${line}\n${wrong.join('\n')}`);
  }
}
