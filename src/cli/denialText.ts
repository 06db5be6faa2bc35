/** Denials for people and for programs. */
import type { Denial } from '../audit/index.js';
import type { Output } from './output.js';
import { displayText, localTime } from './text.js';

/** A denial as in docs/json.md; the time is ISO 8601. */
export function denialJson(denial: Denial): Record<string, unknown> {
  const { time, path, owners, operation, pid, comm, cmdline, phase, count } = denial;
  return {
    time: new Date(time).toISOString(),
    path,
    owners,
    operation,
    pid,
    comm,
    cmdline,
    phase,
    package: denial.package,
    count,
    ...(denial.visible ? { visible: true } : {}),
  };
}

/** Owners named in a line at most; a directory such as /usr/bin has hundreds. */
const shownOwners = 3;

/** Prints a denial, for people or for programs. */
export function printDenial(denial: Denial, output: Output): void {
  if (output.json) output.printJson(denialJson(denial));
  else output.print(denialText(denial, output));
}

/** One line: when, what, whose, and who looked; a traced access to something visible says so. */
function denialText(
  { time, path, owners, operation, comm, pid, phase, visible }: Denial,
  output: Output,
): string {
  const { dim, bold } = output.colors;
  const more = owners.length > shownOwners ? ` and ${owners.length - shownOwners} more` : '';
  const owner = owners.length === 0 ? 'no package' : owners.slice(0, shownOwners).join(' ') + more;
  const who = comm === '' ? '' : ` by ${displayText(comm)}[${pid}]${phase === '' ? '' : ` in ${phase}`}`;
  return `${dim(localTime(new Date(time)))} ${operation.padEnd(8)} ${bold(path)} ${dim(`(${owner})${who}${visible ? ', visible' : ''}`)}`;
}
