/** Views that are mounted, seen from outside: finding, asking and ending them, dead ones included. */
import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errorCode, exitStatus, isWithin, LvfsError, shellWord } from '../../base/index.js';
import { ControlClient } from '../control/client.js';
import { isHeld } from './holding.js';
import { clearClaims } from './mountClaim.js';
import { mountAt, unmountBinds, viewMounts } from './mounts.js';
import { filesystemType, mounter, type Holder, type MountEntry, type Waiter } from '../platform/index.js';
import {
  controlSocket,
  listSessions,
  logFile,
  processStartTime,
  registryDirectory,
  removeSessionDirectory,
  type SessionMeta,
  type SessionRecord,
} from './registry.js';
import type { SessionStatus } from '../request.js';

/** How long to wait for a daemon to go away after its mount is gone. */
const endDeadlineMs = 5_000;

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

/** How {@link unmountView} works. */
export interface UnmountOptions {
  /** Detach now; who still uses the view gets errors. */
  readonly lazy: boolean;
}

/** What {@link unmountView} has ended besides the view. */
export interface Ended {
  /** Processes that used the view, or waited for an answer of it; of a view that was not detached there are none. */
  readonly holders: readonly Holder[];
  /** `ended`: as it was asked to; `killed`: it did not answer; `dead`: before. */
  readonly daemon: 'ended' | 'killed' | 'dead';
}

/**
 * Takes a view away and waits until its daemon has ended. Cleans up after a dead daemon too.
 *
 * @throws LvfsError NOT_MOUNTED (exit 24); MOUNT_BUSY (exit 1) naming the processes that use it; MOUNT_HELD (exit 1) when it is
 *   unmounted, but other mount namespaces have it still, naming them; UNMOUNT_FAILED (exit 1)
 */
export async function unmountView(given: string, options: UnmountOptions): Promise<Ended> {
  const all = sessions();
  const named = all.find((one) => isNumbered(one, given));
  const path = named?.meta.mountpoint ?? mountpointPath(given);
  const mount = mountAt(path);
  const recorded = named ?? latestAt(all, path);
  const isOther =
    recorded?.isElsewhere === true && mount !== undefined && mount.device !== recorded.meta.device;
  const record = isOther ? undefined : recorded;
  if (record === undefined && mount?.type !== filesystemType) findSession(given);
  const users = options.lazy && mount?.type === filesystemType ? mounter.holders(path, mount.device) : [];
  const waiting = options.lazy ? mounter.waiting() : [];
  const answered = record?.alive === true ? await askToUnmount(record, options) : undefined;
  if (answered !== undefined) return { holders: users, daemon: answered };
  if (record?.isElsewhere === true && record.alive) {
    throw new LvfsError('NO_ANSWER', `${given}: its daemon, in another pid namespace, does not answer`, {
      hint: 'unmount it there, in the container or on the machine that has it',
    });
  }
  // Those who waited all the while, and do not any more when the view is gone.
  if (waiting.length > 0 && record?.alive !== true) await delay(waitLooksMs);
  const waited = whichWait(waiting, true);
  const daemon = await unmountFromOutside(given, path, mount, record, options);
  const freed = whichWait(waited, false).map(({ pid, comm, use }) => ({ pid, comm, use }));
  const using = users.filter(({ pid }) => !freed.some((one) => one.pid === pid));
  return { holders: [...using, ...freed].filter(({ pid }) => pid !== record?.meta.pid), daemon };
}

/** After how long whoever waits for another view has waited for something else: it answers. */
const waitLooksMs = 200;

/** Those of some processes that are in the same wait still, or those that are not. */
function whichWait(some: readonly Waiter[], wait: boolean): readonly Waiter[] {
  if (some.length === 0) return some;
  const now = new Map(mounter.waiting().map(({ pid, waits }) => [pid, waits]));
  return some.filter(({ pid, waits }) => waits.some((one) => now.get(pid)?.includes(one) === true) === wait);
}

/** How the daemon ended; undefined when it does not answer. */
async function askToUnmount(
  record: SessionRecord,
  { lazy }: UnmountOptions,
): Promise<Ended['daemon'] | undefined> {
  try {
    using client = await ControlClient.connect(controlSocket(record.directory));
    const answered = client.request('umount', { lazy }).then(() => true);
    // Detaching takes no time, and needs no help.
    if (!(await (lazy ? Promise.race([answered, delay(endDeadlineMs, false, { ref: false })]) : answered)))
      return undefined;
  } catch (error) {
    if (error instanceof LvfsError && error.code === 'NO_ANSWER') return undefined;
    throw error;
  }
  return waitForEnd(record, lazy);
}

async function unmountFromOutside(
  given: string,
  path: string,
  mount: MountEntry | undefined,
  record: SessionRecord | undefined,
  { lazy }: UnmountOptions,
): Promise<Ended['daemon']> {
  if (mount?.type === filesystemType) {
    if (!lazy && record?.alive !== true) await unmountBinds(path, false);
    let result = await mounter.unmount(path, lazy);
    const holders = !result.done && result.busy ? mounter.holders(path, mount.device) : [];
    // What a dead daemon left cannot be used by anybody, so that it is kept open is no reason to keep it; an unknown one may be alive.
    const isDead = record === undefined ? holders.length === 0 : !record.alive;
    if (!result.done && result.busy && isDead) result = await mounter.unmount(path, true);
    if (!result.done) {
      if (record?.alive === true && holders.length === 0) {
        throw new LvfsError('NO_ANSWER', `${given}: its daemon (pid ${record.meta.pid}) does not answer`, {
          hint: `detach it without its help: lvfs umount --lazy ${shellWord(given)}`,
        });
      }
      if (result.busy) throw busyError(given, holders);
      throw new LvfsError('UNMOUNT_FAILED', `${given}: cannot be unmounted: ${result.message}`);
    }
  }
  if (record === undefined) return 'dead';
  const daemon = record.alive ? await waitForEnd(record, lazy) : 'dead';
  removeSessionDirectory(record.directory);
  return daemon;
}

/**
 * Waits until the process of a daemon is gone whose view is unmounted.
 *
 * @param detached nobody needs it any more, whatever it is doing: it is killed in the end
 * @throws LvfsError MOUNT_HELD when it goes on
 */
async function waitForEnd(
  { meta, directory, isElsewhere }: SessionRecord,
  detached: boolean,
): Promise<'ended' | 'killed'> {
  const isThere = (): boolean =>
    isElsewhere ? existsSync(directory) && isHeld(directory) : processStartTime(meta.pid) === meta.startTime;
  for (const isKilled of [false, true]) {
    const end = performance.now() + endDeadlineMs;
    while (isThere() && performance.now() < end) await delay(5);
    if (!isThere()) return isKilled ? 'killed' : 'ended';
    if (isKilled || !detached || isElsewhere) throw heldError(meta.mountpoint, mounter.heldBy(meta.device));
    process.kill(meta.pid, 'SIGKILL');
    removeSessionDirectory(directory);
  }
  return 'killed';
}

/** The error for a view that is unmounted here only; `holders` have it elsewhere, as far as they can be seen. */
export function heldError(mountpoint: string, holders: readonly Holder[]): LvfsError {
  const namespaces = holders.map(({ pid, comm }) => `${comm} (pid ${pid})`);
  const who =
    namespaces.length === 0
      ? 'something that cannot be seen from here'
      : `the mount namespace of ${listed(namespaces)}`;
  return new LvfsError('MOUNT_HELD', `${mountpoint}: is unmounted here, but ${who} still has it`, {
    hint: `its daemon ends with that; to end it now: lvfs umount --lazy ${shellWord(mountpoint)}`,
    details: { holders },
  });
}

/** At most five. */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5);
  return [...shown, ...(names.length > shown.length ? [`${names.length - shown.length} more`] : [])].join(
    ', ',
  );
}

/** Names at most five processes that use a view. */
export function describeHolders(holders: readonly Holder[]): string {
  return listed(holders.map(({ pid, comm, use }) => `${comm} (pid ${pid}, ${use})`));
}

/** The error for a view that is in use; names at most five of the processes that use it. */
export function busyError(mountpoint: string, holders: readonly Holder[]): LvfsError {
  const who = holders.length === 0 ? '' : ` by ${describeHolders(holders)}`;
  return new LvfsError('MOUNT_BUSY', `${mountpoint}: is in use${who}`, {
    hint: `end what uses it, or: lvfs umount --lazy ${shellWord(mountpoint)}`,
    details: { holders },
  });
}
