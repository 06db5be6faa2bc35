/**
 * Hears of what changes on the host without a merge, in all directories about which the view has answered, and tells the kernel
 * within a tenth of a second: configuration, links that eselect and its like make, and whatever else somebody does to files that
 * packages own. The serving threads add the watches.
 */
import { describeError, type Logger } from '../../base/index.js';
import type { WatchTable } from '../../filesystem/index.js';
import { Watches, type WatchEvent } from '../../system/index.js';
import { nodeState, rootNode, type HostChange, type IndexNode, type View } from '../../view/index.js';

/** Changes are collected for so long… */
const collectMs = 50;
/** …and then for so many times the time that it took to tell the last ones: a merge of thousands of files is one such crowd. */
const collectFactor = 4;

/** What is done about changes. */
export interface HostChangeListener {
  /** Makes changes known to the kernel; see LiveChanges.hostChanged. */
  changed(changes: readonly HostChange[]): Promise<unknown>;
  /** Nobody knows what has changed; see LiveChanges.everythingChanged. */
  lost(): Promise<unknown>;
}

/** The watches of one mounted view. */
export class HostWatch {
  readonly #view: View;
  readonly #table: WatchTable;
  readonly #listener: HostChangeListener;
  readonly #log: Logger;
  readonly #watches: Watches;
  readonly #changes = new Map<string, HostChange>();
  #lost = false;
  #timer: NodeJS.Timeout | undefined;
  #waitMs = collectMs;
  #closed = false;
  #saidFull = false;

  private constructor(
    view: View,
    table: WatchTable,
    listener: HostChangeListener,
    log: Logger,
    watches: Watches,
  ) {
    this.#view = view;
    this.#table = table;
    this.#listener = listener;
    this.#log = log;
    this.#watches = watches;
  }

  /** @returns undefined where nothing can be watched */
  static open(
    view: View,
    table: WatchTable,
    listener: HostChangeListener,
    log: Logger,
  ): HostWatch | undefined {
    let read = (): void => undefined;
    const watches = Watches.open(() => read());
    if (watches === undefined) return undefined;
    const made = new HostWatch(view, table, listener, log, watches);
    read = () => made.#read();
    return made;
  }

  /** What serving threads add watches to. */
  get fd(): number {
    return this.#watches.fd;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#watches.close();
  }

  #read(): void {
    if (this.#closed) return;
    const { events, lost } = this.#watches.read();
    for (const event of events) this.#take(event);
    this.#lost ||= lost;
    if (this.#table.isFull && !this.#saidFull) {
      this.#saidFull = true;
      this.#log(
        'info',
        `watching no more than ${this.#table.count} directories (fs.inotify.max_user_watches); changes without a merge are seen ` +
          'within a minute in others',
      );
    }
    if (this.#changes.size > 0 || this.#lost)
      this.#timer ??= setTimeout(() => void this.#report(), this.#waitMs);
  }

  #take({ watch, name, structural, ended }: WatchEvent): void {
    const node = this.#table.directoryOf(watch);
    if (node === -1) return;
    const { index } = this.#view;
    if (ended || (name === undefined && structural)) {
      // It follows what it was made for, wherever that is moved.
      this.#table.remove(watch);
      if (!ended) this.#watches.remove(watch);
      index.clearState(node, nodeState.watched);
    }
    if (name !== undefined) this.#notice(node, name, structural, false);
    else if (node === rootNode) this.#lost = true;
    else this.#notice(index.parent(node), Uint8Array.from(index.name(node)), structural, structural);
  }

  #notice(directory: IndexNode, name: Uint8Array, structural: boolean, replaced: boolean): void {
    const key = `${directory}/${Buffer.from(name).toString('latin1')}`;
    const known = this.#changes.get(key);
    this.#changes.set(key, {
      directory,
      name,
      structural: structural || known?.structural === true,
      replaced: replaced || known?.replaced === true,
    });
  }

  async #report(): Promise<void> {
    const began = performance.now();
    const changes = [...this.#changes.values()];
    const lost = this.#lost;
    this.#changes.clear();
    this.#lost = false;
    if (lost) this.#forgetAll();
    for (const { directory, name, structural } of changes) if (structural) this.#replaced(directory, name);
    this.#table.changed();
    try {
      await (lost ? this.#listener.lost() : this.#listener.changed(changes));
    } catch (error) {
      // What the kernel was not told is forgotten when its validity ends.
      this.#log('error', `a change on the host could not be told to the kernel: ${describeError(error)}`);
    } finally {
      this.#timer = undefined;
      this.#waitMs = Math.min(1000, collectMs + collectFactor * (performance.now() - began));
      this.#read();
    }
  }

  /** What is at a name may be another directory, with others below it: they have to be watched anew. */
  #replaced(directory: IndexNode, name: Uint8Array): void {
    const { index } = this.#view;
    const node = index.find(directory, name);
    if (node !== -1) this.#unwatchTree(node);
  }

  #unwatchTree(top: IndexNode): void {
    const { index } = this.#view;
    index.clearState(top, nodeState.watched);
    for (let node = index.firstChild(top); node !== -1; node = index.nextSibling(node))
      this.#unwatchTree(node);
  }

  #forgetAll(): void {
    for (const watch of this.#table.watches()) {
      const directory = this.#table.directoryOf(watch);
      this.#table.remove(watch);
      this.#watches.remove(watch);
      if (directory !== -1) this.#view.index.clearState(directory, nodeState.watched);
    }
  }
}
