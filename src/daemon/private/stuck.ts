/**
 * A server that was killed while one of its threads waited for its own view. The kernel ends the connection when /dev/fuse is closed, which
 * all threads have open together, and a request that was taken is waited for whatever happens: that thread keeps open what it
 * waits for, and the process, dead but for it, is never reaped.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { errorCode, parseMountTable } from '../../base/index.js';
import { abortConnection } from '../../fuse/index.js';

/** How often is looked. */
const everyMs = 2000;

/** Ends the connections of a process's views, should it come to that, until it has ended. */
export function freeWhenStuck(pid: number, ended: Promise<unknown>): void {
  const timer = setInterval(() => {
    for (const device of stuckViews(pid)) abortConnection(device);
  }, everyMs);
  timer.unref();
  void ended.finally(() => {
    clearInterval(timer);
  });
}

/** Devices of the views that a process serves whose first thread is dead and others are not; none in any other case. */
function stuckViews(pid: number): Set<string> {
  const devices = new Set<string>();
  try {
    if (!/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))) return devices;
    const others = readdirSync(`/proc/${pid}/task`).filter((thread) => thread !== String(pid));
    // The directory of a session begins with the process that serves it.
    const own = new RegExp(`/${pid}\\.[^/]+/`);
    for (const thread of others) {
      const mounts = parseMountTable(readFileSync(`/proc/${pid}/task/${thread}/mountinfo`, 'utf8'));
      for (const { type, mountpoint, device } of mounts)
        if (type.startsWith('fuse.') && own.test(mountpoint)) devices.add(device);
    }
  } catch (error) {
    // It has ended meanwhile.
    if (errorCode(error) === undefined) throw error;
  }
  return devices;
}
