/**
 * What a verb is, and how a command line becomes its options and operands.
 *
 * One definition a verb is all that there is: the parser, the help (help.ts), what a shell completes (completion.ts), and the lists in the
 * manual and README, which a test compares (documents.ts), are made from it. A command line is parsed by yargs' own parser
 * alone, which costs a fifth of the start-up time of all of yargs; the whole of it is loaded only to lay out the help.
 */
import parser from 'yargs-parser';
import { type ExitStatus, nearest, packageDirectoryAt } from '../base/index.js';
import type { Settings } from './config.js';
import { UsageError, type Helped } from './errors.js';
import type { Output } from './output.js';

/** What a word stands for, and so what a shell offers for it. */
export type Kind =
  /** A package to be built, a set, or an ebuild file. */
  | 'target'
  /** An installed package, or a set. */
  | 'installed'
  /** The mount point of a view, or a directory. */
  | 'view'
  | 'directory'
  | 'file'
  /** The name of a verb. */
  | 'verb'
  /** Nobody can know. */
  | 'other';

/** One option of a verb. `list` options may be given several times; the last of any other wins. */
export interface OptionSpec {
  readonly type: 'boolean' | 'string' | 'number' | 'list';
  /** One letter, used with a single dash. */
  readonly alias?: string;
  /** A line, without a full stop. */
  readonly describe: string;
  /** Sentences for `--help` and the manual. */
  readonly more?: string;
  /** Stands for the value in the help text; not with `choices`, which stand for themselves. */
  readonly value?: string;
  /** What the value is; default by its name: DIR, FILE and ATOM (an installed package) say it. */
  readonly is?: Kind;
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
      : (S extends { readonly choices: readonly (infer C)[] } ? C : string) | undefined;

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

/** One or more words that are no options. */
export interface Operand {
  /** As the help shows it; with an ellipsis it stands for one or more: `atom…`. */
  readonly name: string;
  readonly is: Kind;
  readonly optional?: boolean;
  /** All that it may be. */
  readonly choices?: readonly string[];
}

/** A verb: one module in `commands/`, loaded only when it is used. */
export interface Command<T extends OptionTable = OptionTable> {
  readonly name: string;
  /** What it does, in a few words. */
  readonly summary: string;
  /** One or two sentences. */
  readonly describe: string;
  readonly options: T;
  /** Command lines with what they do; at least one. */
  readonly examples: readonly (readonly [commandLine: string, does: string])[];
  /** In their order. */
  readonly operands: readonly Operand[];
  /** What follows `--` and is no further operand, as the help shows it. */
  readonly rest?: string;
  /** True when every word but the verb's own options, wherever they stand, is an operand as it is. Other options stand before the verb. */
  readonly passesOn?: boolean;
  /** True when the directory of an ebuild, if it is the current one, is the target where none is named. */
  readonly ebuildDirectory?: boolean;
  run(invocation: Invocation<T>): Promise<ExitStatus> | ExitStatus;
}

/** The verb and its operands as the help shows them: `mount <atom…> <mountpoint>`. */
export function usageOf({ name, operands, rest }: Pick<Command, 'name' | 'operands' | 'rest'>): string {
  const words = operands.map((operand) =>
    operand.optional === true ? `[${operand.name}]` : `<${operand.name}>`,
  );
  return [name, ...words, ...(rest === undefined ? [] : [rest])].join(' ');
}

/** What the value of an option is. */
export function kindOf({ is, value }: OptionSpec): Kind {
  const byName: Readonly<Record<string, Kind>> = { DIR: 'directory', FILE: 'file', ATOM: 'installed' };
  return is ?? byName[value ?? ''] ?? 'other';
}

/** The value of an option as the help shows it; empty for one that has none. */
export function valueName({ type, value, choices }: OptionSpec): string {
  return type === 'boolean' ? '' : (choices?.join('|') ?? value ?? 'VALUE');
}

/** Declares a verb and keeps the types of its options. */
export function defineCommand<const T extends OptionTable>(command: Command<T>): Command<T> {
  return command;
}

/** How the options of a verb begin that passes on all others. */
export const ownPrefix = '--lvfs-';

/** Options that every verb has. */
export const commonOptions = {
  help: { type: 'boolean', alias: 'h', describe: 'Show the help; -h shows less of it' },
  json: {
    type: 'boolean',
    describe: 'Print JSON with stable names (docs/json.md)',
    more: 'A failure is an object too.',
  },
  color: {
    type: 'string',
    choices: ['auto', 'always', 'never'],
    describe: 'Use colours (default auto)',
    more: 'By default they are used on a terminal, unless NO_COLOR is set or TERM is dumb.',
  },
  quiet: { type: 'boolean', alias: 'q', describe: 'No progress and no warnings' },
  verbose: { type: 'boolean', alias: 'v', describe: 'Say more on standard error' },
  config: {
    type: 'string',
    value: 'FILE',
    describe: 'Read this configuration file instead of all others',
  },
} as const satisfies OptionTable;

/** Options of verbs that look at Portage's data. */
export const placeOptions = {
  root: {
    type: 'string',
    value: 'DIR',
    describe: 'The tree that is shown (default /)',
    more: 'Everything else is taken inside it unless set apart.',
  },
  vdb: { type: 'string', value: 'DIR', describe: 'Installed packages (default var/db/pkg in the root)' },
  sysroot: {
    type: 'string',
    value: 'DIR',
    describe: 'Build for the system in DIR, such as one of crossdev, with the tools of the root',
    more: 'See CROSS BUILDS in lvfs(1).',
  },
  'config-root': {
    type: 'string',
    value: 'DIR',
    describe: 'Where etc/portage lies (default: the sysroot, else the root)',
  },
  prefix: {
    type: 'string',
    value: 'DIR',
    describe: 'Gentoo Prefix (EPREFIX): filter only what is below it',
    more: 'The host around it is shown as it is.',
  },
  repo: {
    type: 'list',
    value: 'DIR',
    describe: 'A repository, instead of repos.conf; the first is the main one',
    more: 'May be given several times.',
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
  without: {
    type: 'list',
    value: 'ATOM',
    describe: 'Hide this package although something needs it',
    more: 'What only it needs goes too.',
  },
  'no-system': { type: 'boolean', describe: 'Without @system and what it needs' },
  rdepend: { type: 'boolean', describe: "Also the target's RDEPEND and PDEPEND" },
  test: { type: 'boolean', describe: 'As if FEATURES=test: with what tests need; emerge runs them' },
  'any-of': {
    type: 'string',
    choices: ['chosen', 'all'],
    describe: 'Of any-of groups show what emerge would choose, or all that is installed (default chosen)',
    more:
      'That is an alternative that the other dependencies bring in already, else the first that is installed. With all the view does not depend on ' +
      'that choice, which can differ from one emerge to the next.',
  },
  'allow-missing': { type: 'boolean', describe: 'Go on when build dependencies are not installed' },
} as const satisfies OptionTable;

/** Options of verbs that decide about paths. */
export const ruleOptions = {
  show: {
    type: 'list',
    value: 'GLOB',
    describe: 'Show paths that match, whoever owns them',
    more: 'A directory that matches stands for all that is in it.',
  },
  hide: {
    type: 'list',
    value: 'GLOB',
    describe: 'Hide paths that match, whoever owns them',
    more: 'It wins over --show.',
  },
} as const satisfies OptionTable;

/** Options with a value that may stand before the verb. */
const valued = new Set(
  Object.entries({ ...commonOptions, ...placeOptions, ...setOptions, ...ruleOptions })
    .filter(([, spec]) => spec.type !== 'boolean')
    .map(([name]) => `--${name}`),
);

/** A command line around its verb. */
export interface SplitLine {
  readonly verb: string;
  /** All other words, in order. */
  readonly rest: readonly string[];
  /** How many of these stand before the verb. */
  readonly before: number;
}

/** Finds the verb in a command line, which may have options before it; undefined when there is none. */
export function splitVerb(argv: readonly string[]): SplitLine | undefined {
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!;
    if (word === '--') return undefined;
    if (!word.startsWith('-'))
      return { verb: word, rest: [...argv.slice(0, i), ...argv.slice(i + 1)], before: i };
    if (valued.has(word)) i++;
  }
  return undefined;
}

/**
 * Parses what stands around the verb.
 *
 * @param before how many words stand before it
 * @throws UsageError naming the offending option or operand
 */
export function parse<T extends OptionTable>(
  command: Command<T>,
  argv: readonly string[],
  before = 0,
): Parsed<T> {
  if (command.passesOn !== true) return parseWords(command, argv);
  const { own, others } = ownWords(command, argv.slice(before));
  const parsed = parseWords({ ...command, operands: [] }, [...argv.slice(0, before), ...own]);
  return { ...parsed, operands: others };
}

/** Divides words into the options of a verb, with their values, and all others. */
function ownWords(
  { options }: Pick<Command, 'options'>,
  words: readonly string[],
): { own: string[]; others: string[] } {
  const own: string[] = [];
  const others: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (!word.startsWith(ownPrefix)) {
      others.push(word);
      continue;
    }
    own.push(word);
    const spec = options[word.slice(2)];
    if (spec !== undefined && spec.type !== 'boolean') own.push(...words.slice(++i, i + 1));
  }
  return { own, others };
}

function parseWords<T extends OptionTable>(command: Command<T>, argv: readonly string[]): Parsed<T> {
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
    throw misused(command, `unknown option '${name}'`, nearest(name, optionNames(table)));
  }

  const values: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(table)) {
    if (spec.type !== 'boolean' && givenWithoutValue(before, name, spec))
      throw misused(command, `--${name}: needs a value (${valueName(spec)})`);
    values[name] = optionValue(command, name, spec, result.argv[name]);
  }
  const given = command.rest !== undefined || after === undefined ? words : [...words, ...after];
  const isHere =
    command.ebuildDirectory === true && given.length === 0 && packageDirectoryAt('.') !== undefined;
  const operands = isHere ? [process.cwd()] : given;
  if (values['help'] !== true) checkOperands(command, operands);
  return {
    options: values as Parsed<T>['options'],
    operands,
    rest: command.rest === undefined ? undefined : after,
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
  command: Helped,
  name: string,
  spec: OptionSpec,
  raw: unknown,
): boolean | number | string | readonly string[] | undefined {
  if (spec.type === 'boolean') return (Array.isArray(raw) ? raw.at(-1) : raw) === true;
  const list = (Array.isArray(raw) ? raw : raw === undefined ? [] : [raw]).map(String);
  if (spec.type === 'list') return list;
  const value = list.at(-1);
  if (value === undefined) return undefined;
  if (spec.choices !== undefined && !spec.choices.includes(value))
    throw misused(command, `--${name}: ${notOneOf(value, spec.choices)}`, nearest(value, spec.choices));
  if (spec.type === 'string') return value;
  const [least, most] = spec.range ?? [0, Number.MAX_SAFE_INTEGER];
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= least && number <= most))
    throw misused(command, `--${name}: '${value}' is not a whole number from ${least} to ${most}`);
  return number;
}

function checkOperands<T extends OptionTable>(command: Command<T>, given: readonly string[]): void {
  const { operands } = command;
  const fail = (what: string): never => {
    throw misused(command, `${what}: lvfs ${usageOf(command)}`);
  };
  // A variable without a value, mostly; as a path it would be the current directory.
  if (given.includes('')) fail('an operand is empty');
  const missing = operands.filter(({ optional }) => optional !== true).slice(given.length);
  if (missing.length > 0) {
    const names = missing.map(({ name }) => `no ${name.replace('…', '')}`);
    fail(`${names.join(' and ')} given`);
  }
  if (given.length === 0 && command.ebuildDirectory === true)
    fail('no atom was given, and there is no ebuild here');
  const most = operands.some(({ name }) => name.includes('…')) ? given.length : operands.length;
  if (given.length > most) fail(`'${given[most]}' is one operand too many`);
  operands.forEach(({ choices }, i) => {
    const word = given[i];
    if (choices === undefined || word === undefined || choices.includes(word)) return;
    throw misused(command, notOneOf(word, choices), nearest(word, choices));
  });
}

const notOneOf = (word: string, choices: readonly string[]): string =>
  `'${word}' is not one of ${choices.join(', ')}`;

/** The error for a wrong line of a verb. */
const misused = (verb: Helped, what: string, suggestion?: string): UsageError =>
  new UsageError(`${verb.name}: ${what}`, suggestion, verb);
