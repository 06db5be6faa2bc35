/** `lvfs status`: the mounted views. */
import { exitStatus } from '../../base/index.js';
import type { SessionStatus } from '../../daemon/index.js';
import { defineCommand } from '../command.js';
import type { Output } from '../output.js';
import { table } from '../table.js';
import { displayText, localTime, targetNames } from '../text.js';

export const command = defineCommand({
  name: 'status',
  summary: 'list the mounted views',
  describe:
    'Lists the mounted views of this user, also those whose daemon has died. With mount points, tells all about these.',
  options: {},
  examples: [
    ['lvfs status', 'a table'],
    ['lvfs status --json /var/tmp/lvroot', 'everything about one view, for a program'],
  ],
  operands: [{ name: 'mountpoint…', is: 'view', optional: true }],
  async run({ operands, output }) {
    const { listViews } = await import('../../library/index.js');
    const mounts = await listViews(operands.length === 0 ? undefined : operands);
    if (output.json) output.printJson({ mounts });
    else if (operands.length > 0) for (const mount of mounts) output.print(details(mount, output));
    else if (mounts.length > 0) output.print(overview(mounts, output));
    // A program takes no line for no view.
    else if (output.width !== undefined) output.tell("no view is mounted: 'lvfs mount ATOM DIR' mounts one");
    return exitStatus.ok;
  },
});

function overview(mounts: readonly SessionStatus[], output: Output): string {
  const rows = mounts.map((mount) => [
    displayText(mount.mountpoint),
    paintState(mount.state, output),
    targetNames(mount.targets),
    count(mount.packages),
    count(mount.paths),
    count(mount.denials),
    age(mount.since),
    mount.elsewhere === true ? `${mount.pid} elsewhere` : String(mount.pid),
  ]);
  const head = ['mountpoint', 'state', 'target', 'packages', 'paths', 'denials', 'up', 'pid'];
  const noted = mounts.flatMap(({ mountpoint, live }) =>
    live === undefined ? [] : notes(live).map((note) => `${mountpoint}: ${note}`),
  );
  return [table(head, rows, output, [3, 4, 5, 6, 7]), ...noted].join('\n');
}

function details(mount: SessionStatus, output: Output): string {
  const { live } = mount;
  const rows: [string, string][] = [
    ['mountpoint', displayText(mount.mountpoint)],
    ['state', paintState(mount.state, output) + (mount.failure === undefined ? '' : `: ${mount.failure}`)],
    ['targets', targetNames(mount.targets)],
    ['packages', count(mount.packages)],
    ['paths', count(mount.paths)],
    ['denials', count(mount.denials)],
    ['root', displayText(mount.root)],
    ...(mount.sysroot === undefined
      ? []
      : [['sysroot', displayText(mount.sysroot)] satisfies [string, string]]),
    ['since', localTime(new Date(mount.since))],
    ['pid', mount.elsewhere === true ? `${mount.pid} (in another pid namespace)` : String(mount.pid)],
    ['log', displayText(mount.log)],
    ['driver', mount.driver],
  ];
  if (live !== undefined) {
    const named = (values: Readonly<Record<string, unknown>>): string =>
      Object.entries(values)
        .map(([name, value]) => `${name} ${String(value)}`)
        .join(', ') || 'none';
    rows.push(
      ['threads', String(live.threads)],
      ['protocol', live.protocolMinor === null ? '-' : `7.${live.protocolMinor}`],
      ...(output.hears('info')
        ? [['capabilities', named(live.capabilities)] satisfies [string, string]]
        : []),
      ['memory', `${(live.residentBytes / 2 ** 20).toFixed(0)} MiB`],
      ['requests', named(live.requests)],
      ['changes', String(live.changes)],
      ...notes(live).map((note) => ['note', note] satisfies [string, string]),
    );
  }
  return rows.map(([name, value]) => `${output.colors.bold(name.padEnd(13))}${value}`).join('\n');
}

/** What a user should know of a view that differs from what he asked for. */
function notes({ missing, problem }: NonNullable<SessionStatus['live']>): string[] {
  return [
    ...(missing.length === 0 ? [] : [`not installed, so not visible: ${missing.join(' ')}`]),
    ...(problem === null ? [] : [`the visible packages are those from before the last change: ${problem}`]),
  ];
}

function paintState(state: SessionStatus['state'], { colors }: Output): string {
  return state === 'serving'
    ? colors.green(state)
    : state === 'unmounting' || state === 'detached'
      ? colors.yellow(state)
      : colors.red(state);
}

function count(value: number | null): string {
  return value === null ? '-' : String(value);
}

/** `3d4h`, `2h05m`, `7m`, `12s`. */
function age(since: string): string {
  const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(since)) / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours >= 24) return `${Math.floor(hours / 24)}d${hours % 24}h`;
  if (hours > 0) return `${hours}h${String(minutes % 60).padStart(2, '0')}m`;
  return minutes > 0 ? `${minutes}m` : `${seconds}s`;
}
