/** Takes views away from outside: with the help of their daemons, without it, and after they have died. */
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { LvfsError, shellWord } from '../../base/index.js';
import { ControlClient } from '../control/client.js';
import { filesystemType, mounter, type Holder, type MountEntry, type Waiter } from '../platform/index.js';
import { busyError, heldError } from './busy.js';
import { isHeld } from './holding.js';
import { mountAt, unmountBinds } from './mounts.js';
import { controlSocket, processStartTime, removeSessionDirectory, type SessionRecord } from './registry.js';
import { findSession, recordOf } from './sessions.js';

/** How long to wait for a daemon to go away after its mount is gone. */
const endDeadlineMs = 5_000;

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
export async function unmountView(given: string, { lazy }: UnmountOptions): Promise<Ended> {
  const target = targetOf(given);
  const { path, mount, record } = target;
  const users = lazy && mount?.type === filesystemType ? mounter.holders(path, mount.device) : [];
  const waiting = lazy ? mounter.waiting() : [];
  const answered = record?.alive === true ? await askToUnmount(record, lazy) : undefined;
  if (answered !== undefined) return { holders: users, daemon: answered };
  if (record?.isElsewhere === true && record.alive) {
    throw new LvfsError('NO_ANSWER', `${given}: its daemon, in another pid namespace, does not answer`, {
      hint: 'unmount it there, in the container or on the machine that has it',
    });
  }
  // Those who waited all the while, and do not any more when the view is gone.
  if (waiting.length > 0 && record?.alive !== true) await delay(waitLooksMs);
  const waited = whichWait(waiting, true);
  const daemon = await unmountFromOutside(target, lazy);
  const freed = whichWait(waited, false).map(({ pid, comm, use }) => ({ pid, comm, use }));
  const using = users.filter(({ pid }) => !freed.some((one) => one.pid === pid));
  return { holders: [...using, ...freed].filter(({ pid }) => pid !== record?.meta.pid), daemon };
}

/** What is to be taken away. */
interface Target {
  /** As somebody gave it. */
  readonly given: string;
  readonly path: string;
  /** What is mounted there, whatever it is. */
  readonly mount: MountEntry | undefined;
  readonly record: SessionRecord | undefined;
}

/** @throws LvfsError NOT_MOUNTED when there is neither a view nor a record of one */
function targetOf(given: string): Target {
  const { path, record: recorded } = recordOf(given);
  const mount = mountAt(path);
  const isOther =
    recorded?.isElsewhere === true && mount !== undefined && mount.device !== recorded.meta.device;
  const record = isOther ? undefined : recorded;
  if (record === undefined && mount?.type !== filesystemType) findSession(given);
  return { given, path, mount, record };
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
async function askToUnmount(record: SessionRecord, lazy: boolean): Promise<Ended['daemon'] | undefined> {
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

async function unmountFromOutside(target: Target, lazy: boolean): Promise<Ended['daemon']> {
  const { mount, record } = target;
  if (mount?.type === filesystemType) await unmountWithoutHelp(target, mount, lazy);
  if (record === undefined) return 'dead';
  const daemon = record.alive ? await waitForEnd(record, lazy) : 'dead';
  removeSessionDirectory(record.directory);
  return daemon;
}

/** @throws LvfsError NO_ANSWER, MOUNT_BUSY, UNMOUNT_FAILED */
async function unmountWithoutHelp(
  { given, path, record }: Target,
  mount: MountEntry,
  lazy: boolean,
): Promise<void> {
  const isAlive = record?.alive === true;
  if (!lazy && !isAlive) await unmountBinds(path, false);
  let result = await mounter.unmount(path, lazy);
  const holders = !result.done && result.busy ? mounter.holders(path, mount.device) : [];
  // What a dead daemon left cannot be used by anybody, so that it is kept open is no reason to keep it; an unknown one may be alive.
  const isDead = record === undefined ? holders.length === 0 : !isAlive;
  if (!result.done && result.busy && isDead) result = await mounter.unmount(path, true);
  if (result.done) return;
  if (isAlive && holders.length === 0) {
    throw new LvfsError('NO_ANSWER', `${given}: its daemon (pid ${record.meta.pid}) does not answer`, {
      hint: `detach it without its help: lvfs umount --lazy ${shellWord(given)}`,
    });
  }
  if (result.busy) throw busyError(given, holders);
  throw new LvfsError('UNMOUNT_FAILED', `${given}: cannot be unmounted: ${result.message}`);
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
