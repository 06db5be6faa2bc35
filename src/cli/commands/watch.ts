/** `lvfs watch`: the denials of a view as they come, on the whole terminal. */
import { exitStatus, LvfsError, packageName, shellWord } from '../../base/index.js';
import { defineCommand } from '../command.js';
import { printDenial } from '../denialText.js';
import type { WatchEnd } from '../watch/watching.js';
import type { Output } from '../output.js';

export const command = defineCommand({
  name: 'watch',
  summary: 'see it happen: denials by package, as they come',
  describe:
    'Shows the denials of a mounted view, or of a running build, on the whole terminal: by package, the strongest and newest first. Keys allow, ' +
    'deny and ignore (with a reason), explain, filter by phase and save the report. Where there is no such terminal, and with --json, it is ' +
    '`lvfs log -f`. An atom means the view that is mounted for it, whoever has mounted it.',
  options: {
    plain: { type: 'boolean', describe: 'One line a denial, as lvfs log -f; also for screen readers' },
  },
  examples: [
    ['lvfs watch /var/tmp/lvroot', 'a mounted view'],
    ['lvfs watch dev-libs/foo', 'the build of it that runs in another terminal'],
  ],
  operands: [{ name: 'mountpoint|atom', is: 'view' }],
  async run({ operands, options, output, settings }) {
    const { openView } = await import('../../library/index.js');
    using view = await openView(await viewOf(operands[0]!));
    if (options.plain || output.json || !isScreen()) {
      await view.follow((denial) => printDenial(denial, output));
      return exitStatus.ok;
    }
    const { targets } = await view.status();
    const { Watching } = await import('../watch/watching.js');
    const end = await new Watching({ view, targets, settings: await settings() }, output).run();
    tell(end, output);
    // As a program ends that does not expect it.
    if (end.signal !== undefined) process.kill(process.pid, end.signal);
    return exitStatus.ok;
  },
});

/** Whether there is a terminal on which lines can be drawn at places. */
function isScreen(): boolean {
  return process.stdin.isTTY && process.stdout.isTTY && !['', 'dumb'].includes(process.env['TERM'] ?? '');
}

/**
 * A view as others name it: as given, or the one that is mounted for a package.
 *
 * @throws LvfsError NOT_MOUNTED (exit 24)
 */
async function viewOf(given: string): Promise<string> {
  const { isView, statuses } = await import('../../daemon/index.js');
  if (/^[./]|^\d+$/.test(given) || (await isView(given))) return given;
  const wanted = given.replace(/^=/, '');
  const running = (await statuses()).filter(({ state }) => state === 'serving' || state === 'detached');
  const found = running.findLast(({ targets }) =>
    targets.some((cpv) => [cpv, packageName(cpv), packageName(cpv).replace(/^.*\//, '')].includes(wanted)),
  );
  if (found !== undefined) return String(found.pid);
  throw new LvfsError('NOT_MOUNTED', `${given}: no view is mounted for it`, {
    hint: `lvfs build ${shellWord(given)} in another terminal makes one; 'lvfs status' lists those that there are`,
  });
}

function tell({ isViewGone, ignored }: WatchEnd, output: Output): void {
  if (isViewGone) output.log('warn', 'the view is no longer mounted');
  if (ignored.length === 0) return;
  const rules = ignored.map((rule) =>
    ['[[ignore]]', ...Object.entries(rule).map(([key, value]) => `${key} = ${JSON.stringify(value)}`)].join(
      '\n',
    ),
  );
  output.print(`# To keep what was ignored, in lvfs.conf:\n${rules.join('\n\n')}`);
}
