/** The end of a process that serves a view, after a bug. */
import { writeSync } from 'node:fs';

/**
 * From now on an exception that nobody catches is written to standard error and kills this process. Node would wait for the
 * serving threads, which wait for the kernel, so that whoever uses the view would wait for ever. After a kill the
 * kernel answers them, and `lvfs status` and `lvfs umount` know a view that has lost its daemon.
 */
export function endAtBugs(): void {
  process.on('uncaughtException', (error: unknown) => {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    try {
      writeSync(2, `lvfs: this is a bug in lvfs: ${stack}\n`);
    } finally {
      process.kill(process.pid, 'SIGKILL');
    }
  });
}
