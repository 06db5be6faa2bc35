/**
 * The program that serves a private view for `lvfs run`, `shell`, `build` and `check`; daemon/private/wire.ts says how it and the
 * command line speak. Started by them only.
 */
import { writeSync } from 'node:fs';
import { errorCode, harmless, type Logger } from '../base/index.js';
import { serveInside } from '../daemon/index.js';
import { endAtBugs } from './bugs.js';
import { packageVersion } from './version.js';

const log: Logger = (level, text) => {
  if (level === 'error' || level === 'warn')
    write(2, Buffer.from(`lvfs: ${level === 'warn' ? 'warning: ' : ''}${harmless(text)}\n`));
};

/** Writes everything, waiting for a slow reader; what finds no reader or no room is dropped, for the report does without. */
function write(fd: 1 | 2, data: Buffer): void {
  let rest = data;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      const code = errorCode(error);
      if (code === 'EAGAIN') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      else if (code === undefined) throw error;
      else return;
    }
  }
}

endAtBugs();
await serveInside({
  parent: Number(process.argv[2]),
  output: (stream, data) => write(stream === 'stdout' ? 1 : 2, data),
  log,
  version: packageVersion(),
});
