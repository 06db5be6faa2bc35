/** What /proc tells of processes. Where there is none, every process counts as gone. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { ifSeen, ifThere, unlessRefused } from './absence.js';
import { errorCode } from './errors.js';

/** A process, or the one that asks. */
export type Pid = number | 'self';

/** Part of proc_pid_stat(5). */
export interface ProcessStat {
  readonly comm: string;
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** The controlling terminal; 0: none. */
  readonly terminal: number;
  /** The group in the foreground of the terminal. */
  readonly foreground: number;
  /** Clock ticks since boot at which it started, as written. */
  readonly started: string;
}

/** The processes of this namespace, in no particular order. */
export function processIds(): number[] {
  return unlessRefused(() => readdirSync('/proc'), [])
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** What `look` gives; undefined as with {@link ifSeen}, and for a process that has ended, of which nothing but number and name is left. */
export function unlessEnded<T>(look: () => T): T | undefined {
  try {
    return ifSeen(look);
  } catch (error) {
    if (errorCode(error) === 'EINVAL') return undefined;
    throw error;
  }
}

/** A file of a process, one character a byte; undefined when the process is gone or somebody else's. */
export function processFile(pid: Pid, name: string): string | undefined {
  return unlessEnded(() => readFileSync(`/proc/${pid}/${name}`, 'latin1'));
}

/** Where a link of a process leads; undefined when the process is gone or somebody else's. */
export function processLink(pid: Pid, name: string): string | undefined {
  return unlessEnded(() => readlinkSync(`/proc/${pid}/${name}`));
}

/** See {@link ProcessStat}; undefined for a process that is gone. */
export function processStat(pid: Pid): ProcessStat | undefined {
  const text = ifThere(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  return text === undefined ? undefined : parseProcessStat(text);
}

/** The same from the text of the file; undefined when that is cut off. */
export function parseProcessStat(text: string): ProcessStat | undefined {
  // The name stands in parentheses and may hold any character.
  const end = text.lastIndexOf(')');
  const fields = text.slice(end + 2).split(' ');
  const [state, parent, group, session, terminal, foreground] = fields;
  if (end < 0 || state === undefined) return undefined;
  return {
    comm: text.slice(text.indexOf('(') + 1, end),
    state,
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    terminal: Number(terminal),
    foreground: Number(foreground),
    started: fields[19] ?? '',
  };
}

/** How many files this process may have open (proc_pid_limits(5)); undefined where nobody says. */
export function openFilesAllowed(): number | undefined {
  const limits = unlessRefused(() => readFileSync('/proc/self/limits', 'latin1'), '');
  const limit = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return limit === undefined ? (limits === '' ? undefined : Infinity) : Number(limit);
}

/** Sends a signal, if the process is still there. */
export function sendSignal(pid: number, name: NodeJS.Signals): void {
  ifThere(() => process.kill(pid, name));
}
