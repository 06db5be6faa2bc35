/**
 * Makes a serving thread crash when the kernel asks it for a file named `crash-by-throwing` or `crash-by-exit`; for `node --import`,
 * which holds for worker threads too. The thread dies in its read of the device, as it would of a lack of memory: outside of
 * everything that turns an error into an answer.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { isMainThread } from 'node:worker_threads';

if (!isMainThread) {
  const read = fs.readSync;
  const hooked = (fd: number, buffer: NodeJS.ArrayBufferView, ...rest: [number, number, null]): number => {
    const length = read(fd, buffer, ...rest);
    const request = Buffer.from(buffer.buffer, buffer.byteOffset, length);
    if (request.includes('crash-by-throwing\0')) throw new Error('as the test wants it');
    if (request.includes('crash-by-exit\0')) process.exit(77);
    return length;
  };
  Object.assign(fs, { readSync: hooked });
  syncBuiltinESMExports();
}
