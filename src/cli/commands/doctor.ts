/** `lvfs doctor`: whether this machine is ready. */
import { describeError, exitStatus, LvfsError } from '../../base/index.js';
import type { Health, HealthCheck, Remedy } from '../../daemon/index.js';
import { defineCommand, placeOptions } from '../command.js';
import type { Output } from '../output.js';
import { displayText } from '../text.js';
import { places } from '../viewRequest.js';

export const command = defineCommand({
  name: 'doctor',
  summary: 'is this machine ready, and what is missing',
  describe:
    'Looks at all that lvfs needs (kernel, /dev/fuse, namespaces, tools, Portage, repositories, places to write) and says how to mend ' +
    'what is missing; then which ways are open to an ordinary user. Ends with status 1 when something is missing that it cannot do without.',
  options: {
    fix: {
      type: 'boolean',
      describe:
        'Mend what can be mended without harm: views whose daemon is dead are taken away, and a missing /dev/fuse is asked of modprobe. ' +
        'Configuration is not touched, and nothing is installed',
    },
    'dry-run': { type: 'boolean', describe: 'Only say what --fix would do' },
    ...placeOptions,
  },
  examples: [
    ['lvfs doctor', 'is this machine ready?'],
    ['lvfs doctor --fix --dry-run', 'what could be mended, and how'],
    ['lvfs doctor --json', 'the same for a program'],
  ],
  operands: [],
  async run({ options, output, settings }) {
    if (options['dry-run'] === true && options.fix !== true)
      throw new LvfsError('USAGE', 'doctor: --dry-run says what --fix would do, and needs it');
    const { openSystem } = await import('../../library/index.js');
    const system = openSystem({ ...places(await settings()), log: output.log });
    const mended = options.fix === true ? await mend(options['dry-run'] === true) : undefined;
    const health = await system.health();
    if (output.json) output.printJson({ ...(mended === undefined ? {} : { mended }), ...health });
    else {
      if (mended !== undefined) printMended(mended, output);
      print(health, output);
    }
    return health.ready ? exitStatus.ok : exitStatus.failure;
  },
});

/** A remedy, and what became of it; without `done` it was not tried. */
type Mended = Pick<Remedy, 'name' | 'command' | 'reason'> & {
  readonly done?: boolean;
  readonly error?: string;
};

async function mend(isTold: boolean): Promise<Mended[]> {
  const { safeRemedies } = await import('../../daemon/index.js');
  const mended: Mended[] = [];
  for (const { apply, ...remedy } of await safeRemedies()) {
    if (isTold) {
      mended.push(remedy);
      continue;
    }
    try {
      await apply();
      mended.push({ ...remedy, done: true });
    } catch (error) {
      if (!(error instanceof LvfsError)) throw error;
      mended.push({ ...remedy, done: false, error: describeError(error) });
    }
  }
  return mended;
}

function printMended(mended: readonly Mended[], output: Output): void {
  const { green, yellow, red, dim } = output.colors;
  if (mended.length === 0) output.print('There is nothing that lvfs can mend by itself.');
  for (const { command, reason, done, error } of mended) {
    const word = done === undefined ? yellow('would do') : done ? green('done') : red('failed');
    output.print(`${word}  ${displayText(command)}  ${dim(displayText(error ?? reason))}`);
  }
  output.print('');
}

function print({ checks, users }: Health, output: Output): void {
  const { green, yellow, red, dim, bold } = output.colors;
  const paint = { ok: green, warn: yellow, fail: red };
  const names = [...checks.map(({ name }) => name), ...users.map(({ commands }) => commands.join(', '))];
  const width = Math.max(...names.map((name) => name.length));
  const line = ({ name, state, found, remedy }: HealthCheck): void => {
    output.print(`${paint[state](state.padEnd(4))}  ${name.padEnd(width)}  ${displayText(found)}`);
    if (remedy !== undefined) output.print(`      ${' '.repeat(width)}  ${dim(displayText(remedy))}`);
  };
  checks.forEach(line);
  output.print(`\n${bold('What an ordinary user can do:')}`);
  for (const { way, commands, obstacles } of users) {
    const name = commands.join(', ');
    if (obstacles.length === 0) line({ name, state: 'ok', found: wayText[way] });
    obstacles.forEach(({ found, remedy }, i) => {
      line({ name: i === 0 ? name : '', state: 'warn', found: `${wayText[way]}, but ${found}`, remedy });
    });
  }
}

const wayText = { 'user namespace': 'in a user namespace', fusermount: 'by fusermount' } as const;
