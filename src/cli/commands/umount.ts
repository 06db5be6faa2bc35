/** `lvfs umount`: takes views away. */
import { exitStatus, LvfsError } from '../../base/index.js';
import type { Ended, SessionStatus } from '../../daemon/index.js';
import { defineCommand } from '../command.js';
import { UsageError } from '../errors.js';
import { errorToJson } from '../output.js';

export const command = defineCommand({
  name: 'umount',
  summary: 'unmount views and end their daemons',
  describe:
    'Unmounts views and waits until their daemons have ended. Cleans up after a daemon that was killed. A plain umount(8) ends ' +
    'the daemon too.',
  options: {
    all: { type: 'boolean', alias: 'a', describe: 'Every view of this user' },
    lazy: {
      type: 'boolean',
      alias: 'l',
      describe: 'Detach now although it is in use; who uses it gets errors, and is named',
    },
  },
  examples: [
    ['lvfs umount /var/tmp/lvroot', 'end one view'],
    ['lvfs umount --all', 'end them all'],
  ],
  operands: [{ name: 'mountpoint…', is: 'view', optional: true }],
  async run({ options, operands, output }) {
    if (options.all ? operands.length > 0 : operands.length === 0) {
      const what = options.all
        ? 'mount points and --all cannot be combined'
        : 'no mountpoint and no --all given';
      throw new UsageError(`umount: ${what}`, undefined, { name: 'umount' });
    }
    const { listViews } = await import('../../library/index.js');
    const { describeHolders, unmountView } = await import('../../daemon/index.js');
    const mountpoints = options.all ? ownViews(await listViews()) : operands;
    const unmounted: string[] = [];
    const ended: ({ mountpoint: string } & Ended)[] = [];
    const failures: { mountpoint: string; error: LvfsError }[] = [];
    for (const mountpoint of mountpoints) {
      try {
        const end = await unmountView(mountpoint, { lazy: options.lazy });
        unmounted.push(mountpoint);
        if (options.lazy) ended.push({ mountpoint, ...end });
      } catch (error) {
        if (!(error instanceof LvfsError) || mountpoints.length === 1) throw error;
        // The others are unmounted all the same.
        output.complain(error);
        failures.push({ mountpoint, error });
      }
    }
    if (output.json) {
      const failed = failures.map(({ mountpoint, error }) => ({ mountpoint, error: errorToJson(error) }));
      output.printJson({ unmounted, failed, ended });
    } else {
      for (const { mountpoint, holders, daemon } of ended) {
        if (holders.length > 0) output.print(`${mountpoint}: taken from ${await describeHolders(holders)}`);
        if (daemon === 'killed') output.print(`${mountpoint}: its daemon did not answer and was killed`);
      }
    }
    return failures[0]?.error.exit ?? exitStatus.ok;
  },
});

/** Mount points, the last first, without those of other containers: some other place may be meant by them here. */
function ownViews(views: readonly SessionStatus[]): string[] {
  return views
    .filter(({ elsewhere }) => elsewhere !== true)
    .map(({ mountpoint }) => mountpoint)
    .reverse();
}
