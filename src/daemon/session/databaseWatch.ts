/**
 * Watches the database of installed packages. Portage merges into `-MERGING-…` directories and renames them when it is done,
 * so a change is reported when no such directory has changed for a moment, and at the latest half a second after it
 * happened.
 */
import { readdirSync, statSync, watch, type FSWatcher } from 'node:fs';
import { join } from 'node:path';
import { describeError, errorCode, isAbsent, type Logger } from '../../base/index.js';

/** A change is reported when nothing more has happened for so long… */
const quietMs = 100;
/** …or so long after the first, when things keep happening. */
const longestMs = 500;

/** A running watch. */
export interface Watching {
  close(): void;
}

/**
 * Calls `changed` after packages came, went or were replaced, one call at a time; what happens during a call causes
 * another one.
 *
 * @param directory the database; it may not exist yet
 * @param changed may throw; that is logged
 * @param readAt when the database was read that is watched, in milliseconds since the epoch: what has happened since then counts, so nothing
 *   is missed in between. Default: since this process started; Infinity: it is read afterwards
 */
export function watchDatabase(
  directory: string,
  changed: () => Promise<void>,
  log: Logger,
  readAt = performance.timeOrigin,
): Watching {
  const watch = new Watch(directory, changed, log);
  watch.catchUp(readAt);
  return watch;
}

/** What Portage writes while a merge is going on, and its locks. */
const unfinished = /^(?:-MERGING-|\.|.*\.portage_lockfile)/;

class Watch implements Watching {
  readonly #directory: string;
  readonly #changed: () => Promise<void>;
  readonly #log: Logger;
  readonly #watchers = new Map<string, FSWatcher>();
  #quiet: NodeJS.Timeout | undefined;
  #first = 0;
  #running = false;
  #again = false;
  #closed = false;

  constructor(directory: string, changed: () => Promise<void>, log: Logger) {
    this.#directory = directory;
    this.#changed = changed;
    this.#log = log;
    this.#watch('', directory);
    this.#watchCategories();
  }

  /** Reports a change that happened after a time in milliseconds since the epoch. */
  catchUp(readAt: number): void {
    if (readAt < Infinity && this.#changedSince(readAt)) this.#notice();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#quiet);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #watchCategories(): void {
    let names: string[];
    try {
      names = readdirSync(this.#directory, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && !unfinished.test(entry.name))
        .map((entry) => entry.name);
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
      return;
    }
    for (const name of names) if (!this.#watchers.has(name)) this.#watch(name, join(this.#directory, name));
  }

  /** Whether the database or a category has changed since a time in milliseconds since the epoch. */
  #changedSince(time: number): boolean {
    return [...this.#watchers.keys()].some((name) => {
      const stats = statSync(join(this.#directory, name), { throwIfNoEntry: false });
      return stats === undefined || stats.mtimeMs >= time;
    });
  }

  #watch(name: string, path: string): void {
    try {
      const watcher = watch(path, { persistent: false }, (_event, file) => {
        if (file === null || !unfinished.test(file)) this.#notice();
      });
      watcher.on('error', () => this.#forget(name));
      this.#watchers.set(name, watcher);
    } catch (error) {
      const code = errorCode(error);
      if (code === undefined) throw error;
      if (isAbsent(error)) return;
      this.#log('warn', `cannot watch ${path}; changes there will not be seen: ${describeError(error)}`);
    }
  }

  #forget(name: string): void {
    this.#watchers.get(name)?.close();
    this.#watchers.delete(name);
  }

  #notice(): void {
    if (this.#closed) return;
    const now = performance.now();
    if (this.#quiet === undefined) this.#first = now;
    clearTimeout(this.#quiet);
    const wait = Math.max(0, Math.min(quietMs, this.#first + longestMs - now));
    this.#quiet = setTimeout(() => {
      this.#quiet = undefined;
      void this.#report();
    }, wait);
  }

  async #report(): Promise<void> {
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = true;
    do {
      this.#again = false;
      // A category that was removed and made again is another directory.
      for (const name of [...this.#watchers.keys()]) if (name !== '') this.#forget(name);
      this.#watchCategories();
      try {
        await this.#changed();
      } catch (error) {
        this.#log('error', `after a change in ${this.#directory}: ${describeError(error)}`);
      }
    } while (this.#again && !this.#closed);
    this.#running = false;
  }
}
