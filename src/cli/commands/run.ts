/** `lvfs run`: a command in a view of its own. */
import { defineCommand } from '../command.js';
import { UsageError } from '../errors.js';
import { statusOf } from '../../library/index.js';
import { asRunFailure, endLike, Signals } from '../inside.js';
import { insideOptions, privateOptions } from '../insideOptions.js';
import { requireCommand } from '../notFound.js';
import { system } from '../viewRequest.js';

export const command = defineCommand({
  name: 'run',
  summary: 'run a command in a view of its own',
  describe:
    'Runs a command in a private view of the host that shows only what a build of the atoms may use, with the places that builds ' +
    'write to bound over it, and ends with its exit status. Nothing it starts or mounts is left afterwards. 125: lvfs itself failed; 126: ' +
    'the command cannot be executed; 127: it is not there; 128+n: it was killed by signal n.',
  options: insideOptions,
  examples: [
    ['lvfs run dev-libs/foo -- ./configure', 'configure what lies in this directory'],
    ['lvfs run --net=none dev-libs/foo -- make check', 'without a network'],
    ['lvfs run dev-libs/foo -- emerge -1B dev-libs/foo', 'let emerge build it'],
  ],
  operands: [{ name: 'atom…', is: 'target' }],
  rest: '-- <command…>',
  async run(invocation) {
    const { operands, rest, output } = invocation;
    if (rest === undefined || rest.length === 0) {
      throw new UsageError("run: no command given; it stands behind '--'", undefined, { name: 'run' });
    }
    const signals = new Signals();
    try {
      const settings = await invocation.settings();
      const view = await system(settings, output).privateView(operands, {
        ...privateOptions(settings, invocation.options),
        signal: signals.signal,
      });
      output.endProgress();
      const release = signals.passTo((name) => view.signal(name));
      let status: number;
      try {
        // There was no command yet that it could have ended.
        signals.signal.throwIfAborted();
        await requireCommand(view, rest[0] ?? '');
        status = statusOf(await view.run(rest));
      } finally {
        release();
        await view.close();
      }
      return endLike(status, signals);
    } catch (error) {
      if (signals.status !== undefined) return endLike(signals.status, signals);
      throw asRunFailure(error);
    } finally {
      signals.release();
    }
  },
});
