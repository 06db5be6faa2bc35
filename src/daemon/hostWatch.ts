/**
 * Watches directories of the host whose content changes without a merge (configuration, links that eselect and its like
 * make), so that the kernel may keep what it was told of them: a directory is watched when a serving thread first
 * gives an answer about it, and a change is told to the kernel within a tenth of a second.
 *
 * What inotify does not see is bounded by the validity that the filesystem gives with a watch: changes through another
 * hard link or a writable mapping, and events that were lost because too many came at once.
 */
import { watch, type FSWatcher } from 'node:fs';
import { describeError, errorCode, type Logger } from '../base/index.js';
import type { WatchAnswers } from '../filesystem/index.js';
import { nodeState, type HostChange, type IndexNode, type View } from '../view/index.js';

/** The kernel's default limit is a multiple of that for each user; a watch costs about 1 KiB of its memory. */
const mostWatches = 8192;
/** Changes are collected for so long. */
const collectMs = 50;

/** The watches of one mounted view. */
export class HostWatch {
  readonly #view: View;
  readonly #answers: WatchAnswers;
  readonly #tell: (changes: readonly HostChange[]) => Promise<unknown>;
  readonly #log: Logger;
  readonly #watchers = new Map<IndexNode, FSWatcher>();
  readonly #changes = new Map<string, HostChange>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #full = false;

  /** @param tell makes changes known to the kernel; see LiveChanges.hostChanged */
  constructor(
    view: View,
    answers: WatchAnswers,
    tell: (changes: readonly HostChange[]) => Promise<unknown>,
    log: Logger,
  ) {
    this.#view = view;
    this.#answers = answers;
    this.#tell = tell;
    this.#log = log;
  }

  /** Directories that are watched. */
  get count(): number {
    return this.#watchers.size;
  }

  /** Watches a directory if that is possible, and lets the thread that asked go on. */
  request(directory: IndexNode): void {
    if (!this.#closed && !this.#watchers.has(directory)) this.#add(directory);
    this.#answers.answered();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const directory of [...this.#watchers.keys()]) this.#remove(directory);
  }

  #add(directory: IndexNode): void {
    if (this.#watchers.size >= mostWatches) {
      this.#limitReached(`${mostWatches} directories`);
      return;
    }
    const { index, paths } = this.#view;
    // A string in latin1 holds the path's bytes; the root's is empty.
    const path = Buffer.from(paths.directory(directory) || '/', 'latin1');
    let watcher: FSWatcher;
    try {
      watcher = watch(path, { persistent: false, encoding: 'buffer' }, (event, name) => {
        this.#notice(directory, name, event === 'rename');
      });
    } catch (error) {
      const code = errorCode(error);
      if (code === undefined) throw error;
      if (code === 'ENOSPC' || code === 'EMFILE') this.#limitReached(`the system's limit (${code})`);
      return;
    }
    watcher.on('error', () => this.#remove(directory));
    this.#watchers.set(directory, watcher);
    index.setState(directory, nodeState.watched);
  }

  #remove(directory: IndexNode): void {
    this.#watchers.get(directory)?.close();
    this.#watchers.delete(directory);
    this.#view.index.clearState(directory, nodeState.watched);
  }

  #limitReached(limit: string): void {
    if (this.#full) return;
    this.#full = true;
    this.#log(
      'info',
      `watching no more directories than ${limit}; configuration in others is looked up once a second`,
    );
  }

  #notice(directory: IndexNode, name: Buffer | null, structural: boolean): void {
    if (this.#closed || name === null) return;
    const key = `${directory}/${name.toString('latin1')}`;
    const known = this.#changes.get(key);
    this.#changes.set(key, { directory, name, structural: structural || known?.structural === true });
    this.#timer ??= setTimeout(() => void this.#report(), collectMs);
  }

  async #report(): Promise<void> {
    const changes = [...this.#changes.values()];
    this.#changes.clear();
    for (const { directory, name, structural } of changes) if (structural) this.#replaced(directory, name);
    this.#answers.changed();
    try {
      await this.#tell(changes);
    } catch (error) {
      // What the kernel was not told is forgotten when its validity ends.
      this.#log('error', `a change on the host could not be told to the kernel: ${describeError(error)}`);
    } finally {
      this.#timer = undefined;
      if (this.#changes.size > 0 && !this.#closed) {
        this.#timer = setTimeout(() => void this.#report(), collectMs);
      }
    }
  }

  /** A directory that came, went or was replaced is another one, with all below it: they have to be watched anew. */
  #replaced(directory: IndexNode, name: Uint8Array): void {
    const { index } = this.#view;
    // What happens to the directory itself comes under its own name.
    if (this.#watchers.has(directory) && Buffer.compare(name, index.name(directory)) === 0) {
      this.#remove(directory);
      this.#add(directory);
    }
    const node = index.find(directory, name);
    if (node < 0) return;
    const isBelow = (one: IndexNode): boolean => {
      for (let at = one; at >= node; at = index.parent(at)) if (at === node) return true;
      return false;
    };
    for (const one of [...this.#watchers.keys()]) if (one >= node && isBelow(one)) this.#remove(one);
  }
}
