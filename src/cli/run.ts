/** From a command line to an exit status. */
import { exitStatus, LvfsError, type ExitStatus } from '../base/index.js';
import { parse, splitVerb, type Command } from './command.js';
import { explained, UsageError } from './errors.js';
import { Output, type OutputOptions } from './output.js';
import { nearest } from './suggest.js';
import { verbs, type Verb } from './verbs.js';

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
    const verb = findVerb(split.verb, split.verb !== argv[0]);
    const command = await verb.load();
    if (wantsHelp(split.rest)) {
      const { verbHelp } = await import('./help.js');
      output.print(await verbHelp(command, output.width));
      return exitStatus.ok;
    }
    const parsed = parse(verb.name, command, split.rest);
    output = new Output({
      json: parsed.options.json,
      color: (parsed.options.color ?? 'auto') as OutputOptions['color'],
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

async function withoutVerb(
  argv: readonly string[],
  output: Output,
  version: () => string,
): Promise<ExitStatus> {
  const { generalHelp } = await import('./help.js');
  if (wantsHelp(argv)) {
    output.print(generalHelp(verbs));
    return exitStatus.ok;
  }
  if (argv.includes('--version')) {
    output.print(`lvfs ${version()}`);
    return exitStatus.ok;
  }
  const option = argv.find((word) => word.startsWith('-'));
  throw new UsageError(
    option === undefined ? 'no command given' : `${option}: no command given`,
    undefined,
    undefined,
  );
}

/** @param behindOptions the name was found behind options, of which one may have an argument */
function findVerb(name: string, behindOptions: boolean): Verb {
  const verb = verbs.find((candidate) => candidate.name === name);
  if (verb !== undefined) return verb;
  const suggestion = nearest(
    name,
    verbs.map((candidate) => candidate.name),
  );
  const advice = behindOptions ? "; a command's options stand behind it" : '';
  throw new UsageError(`unknown command '${name}'${advice}`, suggestion, undefined);
}

/** `-h` or `--help` anywhere before `--`: help is given even when the rest of the line is wrong. */
function wantsHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end === -1 ? argv : argv.slice(0, end)).some((word) => word === '--help' || word === '-h');
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
