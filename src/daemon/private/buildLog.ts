/** The log of a build that somebody else writes. */
import { open, readFile, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { constants, gunzipSync } from 'node:zlib';
import { errorCode } from '../../base/index.js';

/** What was printed last is on its way through a pipe and another process when the build has ended; so long it may take to come. */
const settleMs = 40;
const longestMs = 600;

/**
 * The end of a log, once nothing more is written to it; nothing when it cannot be read. One that is being compressed (`.gz`, with
 * FEATURES=compress-build-logs) is read as far as it is there.
 */
export async function readEnd(path: string, bytes: number): Promise<Buffer[]> {
  if (path === '') return [];
  try {
    await settled(path);
    if (path.endsWith('.gz')) {
      const text = gunzipSync(await readFile(path), { finishFlush: constants.Z_SYNC_FLUSH });
      return [text.subarray(-bytes)];
    }
    await using file = await open(path);
    const { size } = await file.stat();
    const length = Math.min(size, bytes);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return [buffer];
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return [];
  }
}

async function settled(path: string): Promise<void> {
  let last = -1;
  for (let waited = 0; waited < longestMs; waited += settleMs) {
    const { size } = await stat(path);
    if (size === last) return;
    last = size;
    await delay(settleMs);
  }
}
