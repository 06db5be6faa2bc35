/** The log of a build that somebody else writes. */
import { fstatSync, readFileSync, readSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { constants, gunzipSync } from 'node:zlib';
import { errorCode } from '../../base/index.js';
import { PlainFile } from '../../system/index.js';

/** What was printed last is on its way through a pipe and another process when the build has ended; so long it may take to come. */
const settleMs = 40;
const longestMs = 600;

/**
 * The end of a log, once nothing more is written to it; nothing when it cannot be read. One that is being compressed (`.gz`, with
 * FEATURES=compress-build-logs) is read as far as it is there. The build may own its directory, and so have put something else there.
 *
 * @param path without links that are not the build's; see {@link PlainFile}
 */
export async function readEnd(path: string, bytes: number): Promise<Buffer[]> {
  if (path === '') return [];
  try {
    using file = new PlainFile(path);
    const { fd } = file;
    await settled(fd);
    if (path.endsWith('.gz')) {
      const text = gunzipSync(readFileSync(fd), { finishFlush: constants.Z_SYNC_FLUSH });
      return [text.subarray(-bytes)];
    }
    const { size } = fstatSync(fd);
    const end = Buffer.alloc(Math.min(size, bytes));
    return [end.subarray(0, readSync(fd, end, 0, end.length, size - end.length))];
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return [];
  }
}

async function settled(fd: number): Promise<void> {
  let last = -1;
  for (let waited = 0; waited < longestMs; waited += settleMs) {
    const { size } = fstatSync(fd);
    if (size === last) return;
    last = size;
    await delay(settleMs);
  }
}
