/** Files that a report is written to or made from. */
import { closeSync, fstatSync, openSync, readSync, writeFileSync } from 'node:fs';
import { errorCode, LvfsError } from '../base/index.js';

/** As much of a build's log as a report looks at, in bytes; the end tells most. A request to a daemon must hold it. */
const largestLog = 512 << 10;

/**
 * Writes a page or another result.
 *
 * @throws LvfsError CANNOT_WRITE (exit 1)
 */
export function writeReportPage(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    throw new LvfsError('CANNOT_WRITE', `${file}: cannot be written`, { cause: error });
  }
}

/**
 * The end of a build's log.
 *
 * @throws LvfsError CANNOT_READ (exit 1)
 */
export function readBuildLog(file: string): string {
  try {
    const fd = openSync(file, 'r');
    try {
      const { size } = fstatSync(fd);
      const data = Buffer.alloc(Math.min(size, largestLog));
      const length = readSync(fd, data, 0, data.length, Math.max(0, size - largestLog));
      return data.toString('utf8', 0, length);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    throw new LvfsError('CANNOT_READ', `${file}: cannot be read`, { cause: error });
  }
}
