/**
 * What a verb is, and how a command line becomes its options and operands.
 *
 * A command line is parsed by yargs' own parser alone, which costs a fifth of the start-up time of all of yargs;
 * the whole of it is loaded only to lay out `--help` (see help.ts). Both read the same {@link OptionTable}.
 */
import parser from 'yargs-parser';
import { type ExitStatus, packageDirectoryAt } from '../base/index.js';
import type { Settings } from './config.js';
import { UsageError } from './errors.js';
import type { Output } from './output.js';
import { nearest } from './suggest.js';

/** One option of a verb. `list` options may be given several times; the last of any other wins. */
export interface OptionSpec {
  readonly type: 'boolean' | 'string' | 'number' | 'list';
  /** One letter, used with a single dash. */
  readonly alias?: string;
  readonly describe: string;
  /** Stands for the value in the help text. */
  readonly value?: string;
  readonly choices?: readonly string[];
  /** Only for `number`: the smallest and the largest value accepted, both whole numbers. */
  readonly range?: readonly [number, number];
}

/** Options by their long name without dashes. */
export type OptionTable = Readonly<Record<string, OptionSpec>>;

/** The value of an option as a verb sees it; undefined when it was not given. */
export type OptionValue<S extends OptionSpec> = S['type'] extends 'boolean'
  ? boolean
  : S['type'] extends 'number'
    ? number | undefined
    : S['type'] extends 'list'
      ? readonly string[]
      : string | undefined;

/** The parsed options of a table. */
export type OptionValues<T extends OptionTable> = { readonly [K in keyof T]: OptionValue<T[K]> };

/** A command line without program name and verb, parsed. */
export interface Parsed<T extends OptionTable> {
  readonly options: OptionValues<T> & OptionValues<typeof commonOptions>;
  /** Everything that is no option, in order; with {@link Command.rest} only what stands before `--`. */
  readonly operands: readonly string[];
  /** What follows `--`, for a verb that runs a command; undefined when there is no `--`. */
  readonly rest: readonly string[] | undefined;
}

/** What a verb works with. */
export interface Invocation<T extends OptionTable = OptionTable> extends Parsed<T> {
  readonly output: Output;
  /** Configuration files, environment and options merged; read when first asked for. */
  readonly settings: () => Promise<Settings>;
  /** The version of lvfs. */
  readonly version: () => string;
}

/** A verb: one module in `commands/`, loaded only when it is used. */
export interface Command<T extends OptionTable = OptionTable> {
  /** The verb and its operands as the help shows them: `mount <atom…> <mountpoint>`. */
  readonly usage: string;
  /** One or two sentences. */
  readonly describe: string;
  readonly options: T;
  /** Command lines with what they do; at least one. */
  readonly examples: readonly (readonly [commandLine: string, does: string])[];
  /** How many operands there must be. */
  readonly operands: readonly [least: number, most: number];
  /** True when the directory of an ebuild, if it is the current one, is the target where none is named. */
  readonly ebuildDirectory?: boolean;
  /** True when what follows `--` is a command to run rather than further operands. */
  readonly rest?: boolean;
  run(invocation: Invocation<T>): Promise<ExitStatus> | ExitStatus;
}

/** Declares a verb and keeps the types of its options. */
export function defineCommand<const T extends OptionTable>(command: Command<T>): Command<T> {
  return command;
}

/** Options that every verb has. */
export const commonOptions = {
  help: { type: 'boolean', alias: 'h', describe: 'Show this help' },
  json: { type: 'boolean', describe: 'Print JSON with stable names (docs/json.md)' },
  color: {
    type: 'string',
    value: 'WHEN',
    choices: ['auto', 'always', 'never'],
    describe: 'Use colours: auto, always or never',
  },
  quiet: { type: 'boolean', alias: 'q', describe: 'No progress and no warnings' },
  verbose: { type: 'boolean', alias: 'v', describe: 'Say more on standard error' },
  config: {
    type: 'string',
    value: 'FILE',
    describe: 'Read this configuration file instead of /etc/lvfs.conf, /etc/lvfs.conf.d and the user file',
  },
} as const satisfies OptionTable;

/** Options of verbs that look at Portage's data. */
export const placeOptions = {
  root: { type: 'string', value: 'DIR', describe: 'The tree that is shown (default /)' },
  vdb: { type: 'string', value: 'DIR', describe: 'Installed packages (default var/db/pkg in the root)' },
  sysroot: {
    type: 'string',
    value: 'DIR',
    describe: 'Build for the system in DIR, such as one of crossdev, with the tools of the root',
  },
  'config-root': {
    type: 'string',
    value: 'DIR',
    describe: 'Where etc/portage lies (default: the sysroot, else the root)',
  },
  prefix: { type: 'string', value: 'DIR', describe: 'Gentoo Prefix (EPREFIX): filter only what is below it' },
  repo: {
    type: 'list',
    value: 'DIR',
    describe: 'A repository, instead of repos.conf; the first is the main one',
  },
  cache: { type: 'string', value: 'DIR', describe: 'Where the index is saved (default /var/cache/lvfs)' },
} as const satisfies OptionTable;

/** Options of verbs that compute a visible set. */
export const setOptions = {
  with: {
    type: 'list',
    value: 'ATOM',
    describe: 'Also show this installed package and what it needs to run',
  },
  without: { type: 'list', value: 'ATOM', describe: 'Hide this package although something needs it' },
  'no-system': { type: 'boolean', describe: 'Without @system and what it needs' },
  rdepend: { type: 'boolean', describe: "Also the target's RDEPEND and PDEPEND" },
  test: { type: 'boolean', describe: 'As if FEATURES=test' },
  'any-of': {
    type: 'string',
    value: 'WHICH',
    choices: ['chosen', 'all'],
    describe: 'Of any-of groups show what emerge would choose, or all that is installed (default chosen)',
  },
  'allow-missing': { type: 'boolean', describe: 'Go on when build dependencies are not installed' },
} as const satisfies OptionTable;

/** Options of verbs that decide about paths. */
export const ruleOptions = {
  show: { type: 'list', value: 'GLOB', describe: 'Show paths that match, whoever owns them' },
  hide: { type: 'list', value: 'GLOB', describe: 'Hide paths that match, whoever owns them' },
} as const satisfies OptionTable;

/** Options with a value that may stand before the verb. */
const valued = new Set(
  Object.entries({ ...commonOptions, ...placeOptions, ...setOptions, ...ruleOptions })
    .filter(([, spec]) => spec.type !== 'boolean')
    .map(([name]) => `--${name}`),
);

/**
 * Finds the verb in a command line, which may have options before it.
 *
 * @returns the verb and the rest in order, or undefined when there is no verb
 */
export function splitVerb(argv: readonly string[]): { verb: string; rest: string[] } | undefined {
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] as string;
    if (word === '--') return undefined;
    if (!word.startsWith('-')) return { verb: word, rest: [...argv.slice(0, i), ...argv.slice(i + 1)] };
    if (valued.has(word)) i++;
  }
  return undefined;
}

/**
 * Parses what follows the verb.
 *
 * @throws UsageError naming the offending option or operand
 */
export function parse<T extends OptionTable>(
  verb: string,
  command: Command<T>,
  argv: readonly string[],
): Parsed<T> {
  const table: OptionTable = { ...commonOptions, ...command.options };
  const named = (type: OptionSpec['type']): string[] =>
    Object.keys(table).filter((name) => table[name]?.type === type);
  const aliases: Record<string, string[]> = {};
  for (const [name, spec] of Object.entries(table))
    if (spec.alias !== undefined) aliases[name] = [spec.alias];

  const dashes = argv.indexOf('--');
  const before = dashes === -1 ? argv : argv.slice(0, dashes);
  const after = dashes === -1 ? undefined : argv.slice(dashes + 1);
  const result = parser.detailed([...before], {
    alias: aliases,
    boolean: named('boolean'),
    string: [...named('string'), ...named('list'), ...named('number')],
    array: named('list'),
    narg: Object.fromEntries(
      [...named('string'), ...named('list'), ...named('number')].map((name) => [name, 1]),
    ),
    configuration: {
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'greedy-arrays': false,
      'nargs-eats-options': true,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'unknown-options-as-args': true,
    },
  });
  const words = result.argv._.map(String);
  for (const word of words) {
    if (!word.startsWith('-') || word === '-') continue;
    const name = word.replace(/=.*$/s, '');
    throw new UsageError(`${verb}: unknown option '${name}'`, nearest(name, optionNames(table)), verb);
  }

  const values: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(table)) {
    values[name] = optionValue(verb, name, spec, result.argv[name], givenWithoutValue(before, name, spec));
  }
  const given = command.rest === true || after === undefined ? words : [...words, ...after];
  const isHere =
    command.ebuildDirectory === true && given.length === 0 && packageDirectoryAt('.') !== undefined;
  const operands = isHere ? [process.cwd()] : given;
  if (values['help'] !== true) checkOperands(verb, command, operands);
  return {
    options: values as Parsed<T>['options'],
    operands,
    rest: command.rest === true ? after : undefined,
  };
}

function optionNames(table: OptionTable): string[] {
  return Object.entries(table).flatMap(([name, spec]) =>
    spec.alias === undefined ? [`--${name}`] : [`--${name}`, `-${spec.alias}`],
  );
}

/** The parser takes an empty value for a missing one; only the command line tells them apart. */
function givenWithoutValue(argv: readonly string[], name: string, spec: OptionSpec): boolean {
  const last = argv.at(-1);
  return last === `--${name}` || (spec.alias !== undefined && last === `-${spec.alias}`);
}

function optionValue(
  verb: string,
  name: string,
  spec: OptionSpec,
  raw: unknown,
  bare: boolean,
): boolean | number | string | readonly string[] | undefined {
  if (spec.type === 'boolean') return (Array.isArray(raw) ? raw.at(-1) : raw) === true;
  if (bare)
    throw new UsageError(`${verb}: --${name}: needs a value (${spec.value ?? 'VALUE'})`, undefined, verb);
  const list = (Array.isArray(raw) ? raw : raw === undefined ? [] : [raw]).map(String);
  if (spec.type === 'list') return list;
  const value = list.at(-1);
  if (value === undefined) return undefined;
  if (spec.choices !== undefined && !spec.choices.includes(value)) {
    throw new UsageError(
      `${verb}: --${name}: '${value}' is not one of ${spec.choices.join(', ')}`,
      nearest(value, spec.choices),
      verb,
    );
  }
  if (spec.type === 'string') return value;
  const [least, most] = spec.range ?? [0, Number.MAX_SAFE_INTEGER];
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= least && number <= most)) {
    throw new UsageError(
      `${verb}: --${name}: '${value}' is not a whole number from ${least} to ${most}`,
      undefined,
      verb,
    );
  }
  return number;
}

function checkOperands<T extends OptionTable>(
  verb: string,
  command: Command<T>,
  operands: readonly string[],
): void {
  const [least, most] = command.operands;
  // A variable without a value, mostly; as a path it would be the current directory.
  if (operands.includes('')) {
    throw new UsageError(`${verb}: an operand is empty: lvfs ${command.usage}`, undefined, verb);
  }
  if (operands.length < least) {
    throw new UsageError(`${verb}: an operand is missing: lvfs ${command.usage}`, undefined, verb);
  }
  if (operands.length > most) {
    throw new UsageError(
      `${verb}: '${operands[most]}' is one operand too many: lvfs ${command.usage}`,
      undefined,
      verb,
    );
  }
}
