/** The texts of `-h` and `--help`. The only place that loads all of yargs. */
import { usageOf, valueName, type Command, type OptionSpec, type OptionTable } from './command.js';
import { commonGroup, ownOptions, sharedWith, type OptionGroup } from './optionGroups.js';

/** How much of the help is wanted: `-h` gives the short one, `--help` the whole. */
export type HelpLength = 'short' | 'whole';

/** Columns of the help text when standard output is no terminal. */
const usualColumns = 80;

/** Columns at most: longer lines are hard to read. */
const mostColumns = 100;

const columnsOf = (width: number | undefined): number => Math.min(mostColumns, width ?? usualColumns);

/** The help of one verb. */
export async function verbHelp(
  command: Command,
  length: HelpLength,
  width: number | undefined,
): Promise<string> {
  const { default: yargs } = await import('yargs');
  const columns = columnsOf(width);
  let page = yargs([])
    .scriptName('lvfs')
    .locale('en')
    .parserConfiguration({ 'camel-case-expansion': false, 'dot-notation': false })
    .usage(wrap(`Usage: lvfs ${usageOf(command)}\n\n${command.describe}`, columns))
    .help(false)
    .version(false)
    .wrap(columns);
  const groups: OptionGroup[] = [
    { title: 'Options', options: ownOptions(command) },
    ...(length === 'whole' ? [...sharedWith(command), commonTo(command)] : []),
  ];
  for (const { title, options } of groups) {
    for (const [name, spec] of Object.entries(options)) {
      // A name with its value: nothing is parsed by this page.
      page = page.option(`${name} ${valueName(spec)}`.trim(), {
        group: `${title}:`,
        describe: describe(spec, length),
        ...(spec.alias === undefined ? {} : { alias: spec.alias }),
      });
    }
  }
  // Command lines stay on one line: they are to be copied.
  const examples = command.examples.map(([line, does]) => `  ${line}\n      ${does}`);
  const rest = length === 'short' ? remainder(command, columns) : 'Exit status and files: lvfs(1)';
  return trimLines(await page.epilogue(`Examples:\n${examples.join('\n')}\n\n${rest}`).getHelp());
}

function describe({ describe: short, more }: OptionSpec, length: HelpLength): string {
  return length === 'whole' && more !== undefined ? `${short}. ${more}` : short;
}

/** The options of every command, and where they stand. */
function commonTo({ name, passesOn }: Command): OptionGroup {
  return passesOn === true
    ? { ...commonGroup, title: `Before "${name}"; behind it they are its own` }
    : commonGroup;
}

/** The options that the short help leaves out, by name. */
function remainder(command: Command, columns: number): string {
  const groups = [...sharedWith(command), commonTo(command)].map(
    ({ title, options }) => `${title}: ${optionNames(options)}`,
  );
  return [...groups, `All about these: lvfs help ${command.name}`]
    .map((text) => wrap(text, columns, '  '))
    .join('\n');
}

function optionNames(options: OptionTable): string {
  return Object.entries(options)
    .map(([name, spec]) => `--${name} ${valueName(spec)}`.trim())
    .join(', ');
}

/** The help of lvfs itself. */
export function generalHelp(
  commands: readonly Command[],
  length: HelpLength,
  width: number | undefined,
): string {
  const columns = columnsOf(width);
  const usages = commands.map(usageOf);
  const rows = commands.map(({ summary }, i): [string, string] => [usages[i] ?? '', summary]);
  const section = (title: string, lines: readonly [string, string][]): string =>
    [`${title}:`, ...lines.map((line) => definition(line, columns))].join('\n');
  const common = Object.entries(commonGroup.options).map(([name, spec]): [string, string] => [
    `${spec.alias === undefined ? '' : `-${spec.alias}, `}--${name} ${valueName(spec)}`.trim(),
    spec.describe,
  ]);
  const own: [string, string][] = [
    ['-h, --help', 'This text; with a command, its options'],
    ['--version', 'The version of lvfs'],
  ];
  const options =
    length === 'short'
      ? [section('Options', own)]
      : [section('Options', [...own, ...common.slice(1)]), words];
  return [
    'Usage: lvfs <command> [options]',
    "Shows a build a view of the host's root with only what the package may use.",
    section('Commands', rows),
    ...options,
    'Example:\n  lvfs mount dev-libs/foo /var/tmp/lvroot',
    length === 'short'
      ? 'More: lvfs --help, lvfs help <command>'
      : 'The manual: lvfs(1), lvfs.conf(5), mount.lvfs(8)',
  ].join('\n\n');
}

const words = `An <atom> is what emerge takes: foo, dev-libs/foo, =dev-libs/foo-1.2, foo:2, a
set (@world), or the path of an ebuild. A running view is named by its mount
point, that of run, shell, build and check by its process id (lvfs status).`;

/** Columns of what is defined. */
const termColumns = 38;

/** A term and what it means, beside it or below where it is too long. */
function definition([term, text]: readonly [string, string], columns: number): string {
  const indent = ' '.repeat(termColumns);
  const lines = wrap(text, columns - termColumns).split('\n');
  const head = `  ${term}`;
  const beside = head.length < termColumns - 1;
  const [first = '', ...others] = lines;
  return [
    ...(beside ? [head.padEnd(termColumns) + first] : [head, indent + first]),
    ...others.map((line) => indent + line),
  ].join('\n');
}

/** Breaks lines between words; `hang` is put before those that this makes. */
function wrap(text: string, columns: number, hang = ''): string {
  return text
    .split('\n')
    .map((line) => {
      const lines = [''];
      for (const word of line.split(' ')) {
        const last = lines.at(-1) ?? '';
        if (last === '') lines[lines.length - 1] = word;
        else if (last.length + 1 + word.length <= columns) lines[lines.length - 1] = `${last} ${word}`;
        else lines.push(hang + word);
      }
      return lines.join('\n');
    })
    .join('\n');
}

function trimLines(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .trimEnd();
}
