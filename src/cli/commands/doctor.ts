/** `lvfs doctor`: whether this machine is ready. */
import { exitStatus } from '../../base/index.js';
import type { Health, HealthCheck } from '../../daemon/index.js';
import { defineCommand, placeOptions } from '../command.js';
import type { Output } from '../output.js';
import { places } from '../viewRequest.js';

export const command = defineCommand({
  name: 'doctor',
  summary: 'is this machine ready, and what is missing',
  describe:
    'Looks at all that lvfs needs (kernel, /dev/fuse, namespaces, tools, Portage, repositories, places to write) and says how to mend ' +
    'what is missing; then which ways are open to an ordinary user. Ends with status 1 when something is missing that it cannot do without.',
  options: placeOptions,
  examples: [
    ['lvfs doctor', 'is this machine ready?'],
    ['lvfs doctor --json', 'the same for a program'],
  ],
  operands: [],
  async run({ output, settings }) {
    const { openSystem } = await import('../../library/index.js');
    const system = openSystem({ ...places(await settings()), log: output.log });
    const health = await system.health();
    if (output.json) output.printJson({ ...health });
    else print(health, output);
    return health.ready ? exitStatus.ok : exitStatus.failure;
  },
});

function print({ checks, users }: Health, output: Output): void {
  const { green, yellow, red, dim, bold } = output.colors;
  const paint = { ok: green, warn: yellow, fail: red };
  const names = [...checks.map(({ name }) => name), ...users.map(({ commands }) => commands.join(', '))];
  const width = Math.max(...names.map((name) => name.length));
  const line = ({ name, state, found, remedy }: HealthCheck): void => {
    output.print(`${paint[state](state.padEnd(4))}  ${name.padEnd(width)}  ${found}`);
    if (remedy !== undefined) output.print(`      ${' '.repeat(width)}  ${dim(remedy)}`);
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
