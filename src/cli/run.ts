/** From a command line to an exit status. */
import { exitStatus, LvfsError, nearest, type ExitStatus } from '../base/index.js';
import { ownPrefix, parse, splitVerb, type Command } from './command.js';
import { explained, UsageError } from './errors.js';
import { Output, type OutputOptions } from './output.js';
import type { HelpLength } from './help.js';
import { loadVerb, loadVerbs } from './verbs.js';

/**
 * Runs one command line and reports its failure.
 *
 * @param argv what stands behind the program's name
 * @param version gives the version of lvfs
 */
export async function runCommandLine(argv: readonly string[], version: () => string): Promise<number> {
  let output = new Output(guessOutputOptions(argv));
  try {
    const split = splitVerb(argv);
    if (split === undefined) return await withoutVerb(argv, output, version);
    const command = await loadVerb(split.verb, split.verb !== argv[0]);
    const help =
      command.passesOn === true
        ? wantedHelp(split.rest.slice(0, split.before), split.rest.slice(split.before))
        : wantedHelp(split.rest);
    if (help !== undefined) {
      const { verbHelp } = await import('./help.js');
      output.print(await verbHelp(command, help, output.width));
      return exitStatus.ok;
    }
    const parsed = parse(command, split.rest, split.before);
    output = new Output({
      json: parsed.options.json,
      color: parsed.options.color ?? 'auto',
      quiet: parsed.options.quiet,
      verbose: parsed.options.verbose,
    });
    return await run(command, parsed, output, version);
  } catch (thrown) {
    const error = explained(thrown);
    output.failure(error);
    return error instanceof LvfsError ? error.exit : exitStatus.failure;
  }
}

async function run(
  command: Command,
  parsed: ReturnType<typeof parse>,
  output: Output,
  version: () => string,
): Promise<ExitStatus> {
  return command.run({
    ...parsed,
    output,
    version,
    settings: async () => {
      const { loadSettings } = await import('./config.js');
      return loadSettings(parsed.options, process.env, output.log);
    },
  });
}

/** Options that lvfs takes without a command. */
const ownOptions = ['--help', '--version', '--json', '--color', '--quiet', '--verbose', '-h', '-q', '-v'];

async function withoutVerb(
  argv: readonly string[],
  output: Output,
  version: () => string,
): Promise<ExitStatus> {
  const help = wantedHelp(argv);
  if (help !== undefined) {
    const { generalHelp } = await import('./help.js');
    output.print(generalHelp(await loadVerbs(), help, output.width));
    return exitStatus.ok;
  }
  if (argv.includes('--version')) {
    if (output.json) output.printJson({ version: version() });
    else output.print(`lvfs ${version()}`);
    return exitStatus.ok;
  }
  const option = argv.find((word) => word.startsWith('-'));
  if (option !== undefined) {
    const meant = nearest(option, ownOptions);
    const isOwn = ownOptions.includes(option.replace(/=.*/, ''));
    const wrong = isOwn || meant === undefined ? 'no command given' : 'unknown option';
    throw new UsageError(`${option}: ${wrong}`, isOwn ? undefined : meant, undefined);
  }
  const { firstStep, surroundings } = await import('./firstStep.js');
  throw new LvfsError('USAGE', 'no command given', { hint: firstStep(surroundings()) });
}

/**
 * `-h` or `--help` anywhere before `--`: help is given even when the rest of the line is wrong.
 *
 * @param passedOn words that are another program's, but for `--lvfs-help`
 */
function wantedHelp(argv: readonly string[], passedOn: readonly string[] = []): HelpLength | undefined {
  if (passedOn.includes(`${ownPrefix}help`)) return 'whole';
  const end = argv.indexOf('--');
  const words = end === -1 ? argv : argv.slice(0, end);
  return words.includes('--help') ? 'whole' : words.includes('-h') ? 'short' : undefined;
}

/** How to report that the command line itself is wrong. */
function guessOutputOptions(argv: readonly string[]): OutputOptions {
  const color = argv.includes('--color=always')
    ? 'always'
    : argv.includes('--color=never')
      ? 'never'
      : 'auto';
  return { json: argv.includes('--json'), color, quiet: false, verbose: false };
}
