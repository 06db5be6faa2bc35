/** Watches one file of the host that programs replace as a whole. */
import { watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import { describeError, errorCode, type Logger } from '../base/index.js';
import type { Watching } from './databaseWatch.js';

/** A change is reported when nothing more has happened for so long. */
const quietMs = 50;

/**
 * Calls `changed` after a file was written, replaced, made or removed. Nothing is watched where its directory does not exist.
 *
 * @param changed may throw; that is logged
 */
export function watchFile(file: string, changed: () => Promise<void>, log: Logger): Watching {
  const name = basename(file);
  let timer: NodeJS.Timeout | undefined;
  const report = async (): Promise<void> => {
    try {
      await changed();
    } catch (error) {
      log('error', `after a change of ${file}: ${describeError(error)}`);
    }
  };
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(dirname(file), { persistent: false }, (_event, changedName) => {
      if (changedName !== null && changedName !== name) return;
      clearTimeout(timer);
      timer = setTimeout(() => void report(), quietMs);
    });
    watcher.on('error', () => watcher?.close());
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    if (code !== 'ENOENT' && code !== 'ENOTDIR')
      log('warn', `cannot watch ${file}; changes will not be seen: ${describeError(error)}`);
  }
  return {
    close: () => {
      clearTimeout(timer);
      watcher?.close();
    },
  };
}
