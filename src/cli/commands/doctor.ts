/** `lvfs doctor`: whether this machine is ready. */
import { exitStatus } from '../../base/index.js';
import { defineCommand, placeOptions } from '../command.js';
import { locations } from '../viewRequest.js';

export const command = defineCommand({
  usage: 'doctor',
  describe:
    'Looks at all that lvfs needs (kernel, /dev/fuse, rights, namespaces, tools, Portage, repositories, places to write) and says how to mend ' +
    'what is missing. Ends with status 1 when something is missing that it cannot do without.',
  options: placeOptions,
  examples: [
    ['lvfs doctor', 'is this machine ready?'],
    ['lvfs doctor --json', 'the same for a program'],
  ],
  operands: [0, 0],
  async run({ output, settings }) {
    const { checkHealth } = await import('../../daemon/index.js');
    const loaded = await settings();
    const checks = await checkHealth({ locations: locations(loaded), cache: loaded.cache }, output.log);
    const isReady = checks.every(({ state }) => state !== 'fail');
    if (output.json) {
      output.printJson({ ready: isReady, checks });
    } else {
      const { green, yellow, red, dim } = output.colors;
      const paint = { ok: green, warn: yellow, fail: red };
      const width = Math.max(...checks.map(({ name }) => name.length));
      for (const { name, state, found, remedy } of checks) {
        output.print(`${paint[state](state.padEnd(4))}  ${name.padEnd(width)}  ${found}`);
        if (remedy !== undefined) output.print(`      ${' '.repeat(width)}  ${dim(remedy)}`);
      }
    }
    return isReady ? exitStatus.ok : exitStatus.failure;
  },
});
