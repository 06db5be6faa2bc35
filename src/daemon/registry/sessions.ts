/** Views that are mounted, seen from outside: finding and asking them, dead ones included. */
import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errorCode, exitStatus, isWithin, LvfsError, shellWord } from '../../base/index.js';
import { ControlClient } from '../control/client.js';
import { clearClaims } from './mountClaim.js';
import { viewMounts } from './mounts.js';
import type { MountEntry } from '../platform/index.js';
import {
  controlSocket,
  listSessions,
  logFile,
  registryDirectory,
  removeSessionDirectory,
  type SessionMeta,
  type SessionRecord,
} from './registry.js';
import type { SessionStatus } from '../request.js';

function isMounted(meta: SessionMeta, views: readonly MountEntry[]): boolean {
  return views.some((view) => view.mountpoint === meta.mountpoint && view.device === meta.device);
}

/** The recorded sessions; see {@link listSessions}. What processes that are gone have left is cleared away. */
export function sessions(): SessionRecord[] {
  const views = viewMounts();
  const found = listSessions((meta) => isMounted(meta, views));
  clearClaims(registryDirectory());
  return found;
}

/** Whether the process of a daemon that serves what is mounted at `mountpoint` is there. */
export function isServed(mountpoint: string): boolean {
  const views = viewMounts();
  return sessions().some(
    ({ alive, meta }) => alive && meta.mountpoint === mountpoint && isMounted(meta, views),
  );
}

/** Forgets daemons of this mount point that failed: something new is being mounted there. */
export function clearFailures(mountpoint: string): void {
  for (const { alive, meta, directory, isElsewhere } of sessions()) {
    if (!alive && !isElsewhere && meta.failure !== undefined && meta.mountpoint === mountpoint)
      removeSessionDirectory(directory);
  }
}

/**
 * A mount point as it stands in the mount table. Only the parents' links are resolved, and nothing is asked of a view.
 */
function mountpointPath(given: string): string {
  const absolute = resolve(given);
  if (absolute === '/' || viewMounts().some((view) => isWithin(absolute, view.mountpoint))) return absolute;
  try {
    const parent = join(realpathSync(dirname(absolute)), basename(absolute));
    return viewMounts().some((view) => view.mountpoint === parent) ? parent : realpathSync(absolute);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return absolute;
  }
}

/**
 * The session of a mount point.
 *
 * @throws LvfsError NOT_MOUNTED (exit 24)
 */
export function findSession(given: string): SessionRecord {
  const all = sessions();
  // A view in a private namespace is named by its process, or by the place in /proc at which others find it.
  const named = all.findLast((one) => isNumbered(one, given)) ?? latestAt(all, given);
  if (named !== undefined) return named;
  const path = mountpointPath(given);
  const found = latestAt(all, path);
  if (found !== undefined) return found;
  const other = viewMounts().some((view) => view.mountpoint === path);
  throw new LvfsError(
    'NOT_MOUNTED',
    other
      ? `${given}: a view is mounted there, but its daemon is unknown`
      : `${given}: no view is mounted there`,
    {
      hint: other ? `lvfs umount ${shellWord(given)}` : "'lvfs status' lists the mounted views",
    },
  );
}

/** The mount point that somebody means, by its path or by the daemon's process, and the session of it, if there is one. */
export function recordOf(given: string): { path: string; record: SessionRecord | undefined } {
  const all = sessions();
  const named = all.find((one) => isNumbered(one, given));
  const path = named?.meta.mountpoint ?? mountpointPath(given);
  return { path, record: named ?? latestAt(all, path) };
}

/** Whether a daemon has this process id, as somebody gives it. */
function isNumbered({ meta, isElsewhere }: SessionRecord, given: string): boolean {
  return !isElsewhere && String(meta.pid) === given;
}

/** The last session of a mount point; one of another pid namespace, which may mean another place by it, only where there is no other. */
function latestAt(all: readonly SessionRecord[], mountpoint: string): SessionRecord | undefined {
  const found = all.filter(({ meta }) => meta.mountpoint === mountpoint);
  return found.findLast(({ isElsewhere }) => !isElsewhere) ?? found.at(-1);
}

/** Whether there is a session of this mount point. */
export function isView(given: string): boolean {
  try {
    findSession(given);
    return true;
  } catch (error) {
    if (error instanceof LvfsError) return false;
    throw error;
  }
}

/**
 * Connects to the daemon of a mount point. The caller closes the connection.
 *
 * @throws LvfsError NOT_MOUNTED, STALE_MOUNT or NO_ANSWER (exit 24)
 */
export async function connect(given: string): Promise<ControlClient> {
  const session = findSession(given);
  if (!session.alive) {
    throw new LvfsError('STALE_MOUNT', `${given}: its daemon (pid ${session.meta.pid}) is dead`, {
      exit: exitStatus.noMount,
      hint: `lvfs umount ${shellWord(given)}`,
    });
  }
  return ControlClient.connect(controlSocket(session.directory));
}

/** How long a daemon has to answer that it avoids a place. One that is stuck finds out by itself when it goes on. */
const avoidDeadlineMs = 2_000;

/**
 * Tells the daemons of all other views that one is going to be mounted, and returns when they ask the host about nothing at or below
 * that place any more: two views that ask each other would wait for each other for ever.
 */
export async function announceMount(mountpoint: string): Promise<void> {
  // What is in a private namespace does not see it.
  const others = sessions().filter(({ alive, meta }) => alive && !meta.mountpoint.startsWith('/proc/'));
  await Promise.all(others.map((session) => askToAvoid(session, mountpoint)));
}

async function askToAvoid({ directory }: SessionRecord, mountpoint: string): Promise<void> {
  try {
    using client = await ControlClient.connect(controlSocket(directory), avoidDeadlineMs);
    await Promise.race([client.request('avoid', { mountpoint }), delay(avoidDeadlineMs)]);
  } catch (error) {
    // It has just ended, or is stuck.
    if (!(error instanceof LvfsError)) throw error;
  }
}

/**
 * The state of recorded views, in the order of their mounts. Views that others recorded elsewhere (another user, a private
 * namespace) are not among them.
 *
 * @param only these mount points; undefined: all
 * @throws LvfsError NOT_MOUNTED (exit 24) for a mount point that is asked for and has no session
 */
export async function statuses(only?: readonly string[]): Promise<SessionStatus[]> {
  const records = only === undefined ? sessions() : only.map(findSession);
  return Promise.all(records.map(statusOf));
}

async function statusOf(record: SessionRecord): Promise<SessionStatus> {
  if (!record.alive) return deadStatus(record, record.meta.failure === undefined ? 'stale' : 'failed');
  try {
    using client = await ControlClient.connect(controlSocket(record.directory));
    return { ...(await client.request('status')), ...elsewhere(record) };
  } catch (error) {
    if (!(error instanceof LvfsError)) throw error;
    return deadStatus(record, 'stuck');
  }
}

/** What is said besides of one in another pid namespace. */
function elsewhere({ isElsewhere }: SessionRecord): { elsewhere?: true } {
  return isElsewhere ? { elsewhere: true } : {};
}

function deadStatus(record: SessionRecord, state: SessionStatus['state']): SessionStatus {
  const { meta, directory } = record;
  const { mountpoint, pid, driver, targets, since, root, sysroot } = meta;
  const unknown = { packages: null, paths: null, denials: null };
  const failure = meta.failure === undefined ? {} : { failure: meta.failure };
  return {
    mountpoint,
    pid,
    state,
    driver,
    targets,
    ...unknown,
    since,
    root,
    ...(sysroot === undefined ? {} : { sysroot }),
    log: logFile(directory),
    ...failure,
    ...elsewhere(record),
  };
}
