/** `lvfs check`: builds many targets, each in a view of its own, and gives one verdict each. */
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { LvfsError, type ExitStatus } from '../../base/index.js';
import { usualProcesses, usualTimeout } from '../../library/index.js';
import { defineCommand, type Invocation, type OptionTable } from '../command.js';
import { endLike, Signals } from '../inside.js';
import { insideOptions, privateOptions } from '../insideOptions.js';
import { buildOptions, buildSettings } from '../proofText.js';
import { Collection } from '../tinderbox/collection.js';
import { readJournals } from '../tinderbox/journal.js';
import { Progress } from '../tinderbox/progress.js';
import { Results } from '../tinderbox/results.js';
import { expandTargets, parseShard, shardOf } from '../tinderbox/targets.js';
import { UsageError } from '../errors.js';
import { locations, system } from '../viewRequest.js';

const ownOptions = {
  jobs: {
    type: 'number',
    alias: 'j',
    value: 'N',
    range: [1, 256],
    describe: 'Builds at a time (default: processors / 2)',
  },
  timeout: {
    type: 'number',
    value: 'MINUTES',
    range: [1, 30_000],
    describe: `End a target that takes longer, everything included (default ${usualTimeout})`,
  },
  processes: {
    type: 'number',
    value: 'N',
    range: [400, 4_194_304],
    describe: `Processes and threads of a target at most (default ${usualProcesses})`,
    more: 'Linux 6.14 or newer, and not with --pid=host.',
  },
  'no-keep-going': {
    type: 'boolean',
    describe: 'Begin no other target after one that is not clean',
  },
  'no-reuse': {
    type: 'boolean',
    describe: 'Make a new view for each target, instead of one for each job',
  },
  results: {
    type: 'string',
    value: 'DIR',
    describe: 'Keep reports, logs, a page with all verdicts and a journal in this directory',
  },
  resume: { type: 'boolean', describe: 'Go on with --results: what has a verdict there is not built again' },
  baseline: {
    type: 'string',
    value: 'FILE',
    describe: 'Only findings that are not in these results count',
    more: 'A journal, a directory with one, or what lvfs check --json printed.',
  },
  shard: { type: 'string', value: 'I/N', describe: 'Only the I-th of N parts of the targets' },
  merge: {
    type: 'boolean',
    describe: 'Build nothing: the operands are results of other runs, to be made one',
  },
  junit: { type: 'string', value: 'FILE', describe: 'Write the verdicts as JUnit XML' },
  html: { type: 'string', value: 'FILE', describe: 'Write all reports as one self-contained page' },
} as const satisfies OptionTable;

type Check = Invocation<typeof ownOptions & typeof insideOptions & typeof buildOptions>;

export const command = defineCommand({
  name: 'check',
  summary: 'build many, one verdict each',
  describe:
    'Builds each target in a private view, several at a time, and prints one verdict each: clean, undeclared, failed, or error. A set stands for its ' +
    'members, - for what standard input names, the path of a file for what that names. ' +
    'With --json one object a line, as they come. 29: a build failed; 30: undeclared dependencies were found; 1: a target could not be checked.',
  options: { ...insideOptions, ...buildOptions, ...ownOptions },
  examples: [
    ['lvfs check dev-libs/foo dev-libs/bar', 'two packages'],
    ['lvfs check --jobs 8 --junit result.xml @changed', 'in CI'],
    ['lvfs check --results /var/tmp/box --resume @world', 'go on with a long one'],
  ],
  operands: [{ name: 'atom…', is: 'target', optional: true }],
  ebuildDirectory: true,
  async run(invocation) {
    const { options } = invocation;
    if (options.resume && options.results === undefined)
      throw new UsageError('check: --resume: needs --results', undefined, { name: 'check' });
    return options.merge ? merge(invocation) : checkTargets(invocation);
  },
});

async function checkTargets(invocation: Check): Promise<ExitStatus> {
  const { options, output } = invocation;
  const shard = options.shard === undefined ? undefined : parseShard(options.shard);
  const settings = await invocation.settings();
  const all = await expandTargets(invocation.operands, locations(settings), output.log);
  const targets = shard === undefined ? all : shardOf(all, shard);
  using collection = openCollection(invocation);
  using signals = new Signals();
  const recorded = options.resume ? readJournals([options.results ?? '']) : undefined;
  for (const target of targets) {
    const verdict = recorded?.verdicts.get(target);
    if (verdict !== undefined) collection.add(verdict);
  }
  const left = targets.filter((target) => !collection.has(target));
  const progress = new Progress(output, targets.length, targets.length - left.length, collection.counts);
  collection.begin(targets, options.shard);
  await system(settings, output).check(
    left,
    {
      ...privateOptions(settings, options),
      ...buildSettings(settings, options),
      html: options.html !== undefined || options.results !== undefined,
      jobs: options.jobs,
      timeout: options.timeout,
      processes: options.processes,
      reuse: !options['no-reuse'],
      // What single builds are at would be told on top of each other.
      progress: () => undefined,
      onBegin: (target) => progress.building(target),
      signal: signals.signal,
      passTo: signals.passTo,
    },
    (checked) => {
      if (checked.error?.code === 'BUG') output.failure(checked.error.cause);
      const { verdict, known } = collection.take(checked);
      progress.ended(collection.counts);
      collection.onTheWay(targets);
      return !options['no-keep-going'] || verdict === 'clean' || known === true;
    },
  );
  progress.end();
  const end = collection.end(targets);
  if (signals.status === undefined) return end;
  const goesOn = options.results === undefined ? '' : '; the same command with --resume goes on';
  output.log(
    'warn',
    `interrupted: ${collection.verdicts.length} of ${targets.length} targets were checked${goesOn}`,
  );
  return endLike(signals.status, signals);
}

/** Makes one result of several. */
function merge(invocation: Check): ExitStatus {
  const { operands, output } = invocation;
  const { verdicts, places, targets } = readJournals(operands);
  using collection = openCollection(invocation);
  collection.begin([...targets], undefined);
  for (const verdict of verdicts.values()) {
    const from = places.get(verdict.target);
    if (from !== undefined) collection.takeOver(verdict, directoryOf(from));
  }
  const left = [...targets].filter((target) => !verdicts.has(target));
  if (left.length > 0) output.log('warn', `not checked by anybody: ${left.join(' ')}`);
  output.tell(`lvfs: ${verdicts.size} of ${targets.size} checked: ${collection.counts}`);
  const end = collection.end([...targets]);
  if (end !== 0 || left.length === 0) return end;
  throw new LvfsError('INCOMPLETE', `${left.length} of ${targets.size} targets were not checked`);
}

function directoryOf(place: string): string {
  return statSync(place).isDirectory() ? place : dirname(place);
}

function openCollection({ options, output, version }: Check): Collection {
  const baseline = options.baseline === undefined ? undefined : readJournals([options.baseline]);
  const results =
    options.results === undefined ? undefined : new Results(options.results, options.resume, output.log);
  return new Collection({
    output,
    version: version(),
    results,
    baseline,
    junit: options.junit,
    html: options.html,
  });
}
