/**
 * A server that was killed while one of its threads waited for its own view. The kernel ends the connection when /dev/fuse is closed, which
 * all threads have open together, and a request that was taken is waited for whatever happens: that thread keeps open what it
 * waits for, and the process, dead but for it, is never reaped.
 */
import { readdirSync } from 'node:fs';
import { parseMountTable, processFile, processStat, unlessEnded } from '../../base/index.js';

/** How often is looked. */
const everyMs = 2000;

/**
 * Ends the connections of a process's views, should it come to that, until it has ended.
 *
 * @param mountpoint where it mounts a view beside those in its session's directory
 */
export function freeWhenStuck(pid: number, ended: Promise<unknown>, mountpoint?: string): void {
  const timer = setInterval(() => void free(pid, mountpoint), everyMs);
  timer.unref();
  void ended.finally(() => {
    clearInterval(timer);
  });
}

async function free(pid: number, mountpoint: string | undefined): Promise<void> {
  const devices = stuckViews(pid, mountpoint);
  if (devices.size === 0) return;
  // Hardly ever needed, and every command would load it.
  const { abortConnection } = await import('../../fuse/index.js');
  for (const device of devices) abortConnection(device);
}

/** Devices of the views that a process serves whose first thread is dead and others are not; none in any other case. */
function stuckViews(pid: number, mountpoint: string | undefined): Set<string> {
  const devices = new Set<string>();
  if (processStat(pid)?.state !== 'Z') return devices;
  const others = unlessEnded(() => readdirSync(`/proc/${pid}/task`)) ?? [];
  // The directory of a session begins with the process that serves it.
  const own = new RegExp(`/${pid}\\.[^/]+/`);
  for (const thread of others) {
    if (thread === String(pid)) continue;
    const table = processFile(pid, `task/${thread}/mountinfo`) ?? '';
    for (const { type, mountpoint: place, device } of parseMountTable(table))
      if (type.startsWith('fuse.') && (place === mountpoint || own.test(place))) devices.add(device);
  }
  return devices;
}
