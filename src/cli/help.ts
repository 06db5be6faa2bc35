/** The texts of `--help`. The only place that loads all of yargs. */
import { commonOptions, type Command, type OptionTable } from './command.js';
import type { Verb } from './verbs.js';

/** Columns of the help text when standard output is no terminal, and at most otherwise. */
const columns = 100;

/** The help of one verb. */
export async function verbHelp(command: Command, width: number | undefined): Promise<string> {
  const { default: yargs } = await import('yargs');
  let page = yargs([])
    .scriptName('lvfs')
    .locale('en')
    .usage(`Usage: lvfs ${command.usage}\n\n${command.describe}`)
    .help(false)
    .version(false)
    .wrap(Math.min(columns, width ?? columns));
  page = addOptions(page, command.options, 'Options:');
  page = addOptions(page, commonOptions, 'Common options:');
  for (const [line, does] of command.examples) page = page.example(line, does);
  page = page.epilogue(`Exit status and files: lvfs(1)`);
  return trimLines(await page.getHelp());
}

function addOptions<Y extends { option(name: string, spec: object): Y }>(
  page: Y,
  table: OptionTable,
  group: string,
): Y {
  let result = page;
  for (const [name, spec] of Object.entries(table)) {
    result = result.option(name, {
      group,
      describe: spec.describe,
      type: spec.type === 'list' ? 'array' : spec.type,
      ...(spec.choices === undefined ? {} : { choices: spec.choices }),
      ...(spec.alias === undefined ? {} : { alias: spec.alias }),
    });
  }
  return result;
}

/** The help of lvfs itself. */
export function generalHelp(verbs: readonly Verb[]): string {
  const width = Math.max(...verbs.map((verb) => verb.usage.length)) + 2;
  const lines = [
    'Usage: lvfs <command> [options]',
    '',
    "Shows a build a view of the host's root that holds only what the package may use.",
    '',
    'Commands:',
    ...verbs.map((verb) => `  ${verb.usage.padEnd(width)}${verb.does}`),
    '',
    'Options:',
    `  ${'-h, --help'.padEnd(width)}This text; with a command, its options and an example`,
    `  ${'--version'.padEnd(width)}The version of lvfs`,
    '',
    'Example:',
    '  lvfs mount dev-libs/foo /var/tmp/lvroot',
  ];
  return lines.join('\n');
}

function trimLines(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .trimEnd();
}
