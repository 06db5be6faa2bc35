/**
 * Changes what a mounted view shows. When {@link LiveChanges.apply} has ended, nothing that was answered before
 * the change is left in the kernel: names, missing names, attributes, listings.
 *
 * How that is certain:
 *  1. The new state is in shared memory before the epoch that announces it, so a request that begins later sees it.
 *  2. Then {@link Requests.quiescent} waits until every request that had begun earlier has been answered.
 *  3. Then the kernel is told. For each name and listing that it may hold there is a bit in the index, set before the answer
 *     was given. The process that waited for such an answer may not have entered it into the kernel's caches yet,
 *     but it holds the directory's lock until it has, and dropping a name takes that lock: also for a name that is not
 *     cached, which is how the lock is waited for before a listing is dropped. A name is dropped, not merely expired: a
 *     process that just looks an expired name up again holds no lock, and would make an old answer valid anew.
 *
 * Only what may have changed is told: a change costs in proportion to the changed packages and to what the kernel holds
 * of them, not to the view.
 */
import {
  Affected,
  type ChangeSummary,
  type Forgotten,
  type HostChange,
  type IndexUpdate,
  type KernelCaches,
} from './affected.js';
import type { IndexNode } from './pathIndex.js';
import { missingNames } from './room.js';
import type { Overrides } from './rules.js';
import type { View } from './view.js';

/** What changes; what is not given stays. */
export interface ViewChange {
  /** Ids of all packages that are visible from now on. */
  visible?: Iterable<number>;
  metadataOnly?: Iterable<number>;
  overrides?: Overrides;
  /** See {@link View.change}. */
  avoided?: Iterable<string>;
  updated?: IndexUpdate;
}

/** The requests that threads are answering. */
export interface Requests {
  /** Resolves when all that were being answered when it was called have been answered. */
  quiescent(): Promise<unknown>;
  /** Does something while none is being answered; whether it was done. Nothing that takes long, or asks the view. */
  whilePaused(work: () => void): Promise<boolean>;
}

/** The changes of one mounted view, one after the other. */
export class LiveChanges {
  readonly #view: View;
  readonly #caches: KernelCaches;
  readonly #requests: Requests;
  #last: Promise<unknown> = Promise.resolve();

  constructor(view: View, caches: KernelCaches, requests: Requests) {
    this.#view = view;
    this.#caches = caches;
    this.#requests = requests;
  }

  /**
   * Makes a change and resolves when the view shows it to everybody. Changes wait for each other.
   * @throws LvfsError as {@link View.change}; whatever {@link Requests.quiescent} throws
   */
  apply(change: ViewChange): Promise<ChangeSummary> {
    return this.#inTurn(() => this.#apply(change));
  }

  /** Makes the kernel forget what it knows of names that changed on the host without a change of the packages. */
  hostChanged(changes: readonly HostChange[]): Promise<ChangeSummary> {
    return this.#inTurn(() => this.#hostChanged(changes));
  }

  /** Makes the kernel look at everything again that it may hold. */
  everythingChanged(): Promise<ChangeSummary> {
    return this.#inTurn(async () => {
      this.#view.change({ packagesChanged: true });
      await this.#requests.quiescent();
      const affected = new Affected(this.#view, { visible: this.#view.visible });
      affected.everything();
      return affected.tell(this.#caches);
    });
  }

  /**
   * Gives back what the index holds of names that the host no longer has and nobody owns, so that there is room for others.
   * @returns how many; 0 as well when requests took too long to wait for
   */
  makeRoom(): Promise<number> {
    return this.#inTurn(async () => {
      const view = this.#view;
      const missing = await missingNames(view);
      // The kernel may not have heard yet that they are missing, and forgets them.
      for (const node of missing.filter((node) => view.index.isHeld(node)))
        this.#caches.dropName(view.index.parent(node), view.index.name(node));
      let given = 0;
      await this.#requests.whilePaused(() => (given = view.giveBack(missing)));
      return given;
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#last.then(work, work);
    this.#last = next;
    return next;
  }

  /**
   * Makes the kernel forget whatever would keep a use of a file, or a refusal, from being seen again as the first of its kind: contents,
   * listings, and names, missing or not. What was noted of reads and listings is forgotten with it.
   *
   * @param forgotten what of a file
   */
  forgetUses(forgotten: (node: IndexNode) => Forgotten): Promise<ChangeSummary> {
    return this.#inTurn(async () => {
      await this.#requests.quiescent();
      const affected = new Affected(this.#view, { visible: this.#view.visible });
      affected.used(forgotten);
      return affected.tell(this.#caches);
    });
  }

  async #hostChanged(changes: readonly HostChange[]): Promise<ChangeSummary> {
    const isStructural = changes.some(({ structural }) => structural);
    const isElsewhere = changes.some(
      ({ structural, directory }) => structural && this.#view.followsLinksIn(directory),
    );
    if (isElsewhere) this.#view.change({ packagesChanged: true });
    // What directories were found to have in them is found anew.
    else if (isStructural) this.#view.change({});
    this.#view.host.forget();
    await this.#requests.quiescent();
    const affected = new Affected(this.#view, { visible: this.#view.visible });
    for (const change of changes) affected.changedOnHost(change);
    if (isElsewhere) affected.recheckKnown(true);
    else if (isStructural) affected.recheckUnowned();
    return affected.tell(this.#caches);
  }

  async #apply(change: ViewChange): Promise<ChangeSummary> {
    const view = this.#view;
    const before = {
      visible: view.visible.slice(),
      metadataOnly: view.metadataOnly.slice(),
      avoided: new Set(view.avoided),
    };
    const { updated, ...state } = change;
    // What was searched for below directories is good still.
    if (updated === undefined && !view.wouldChange(state)) return { names: 0, directories: 0 };
    view.change({ ...state, packagesChanged: updated !== undefined });
    await this.#requests.quiescent();

    const affected = new Affected(view, before);
    for (const id of different(before.visible, view.visible)) affected.packageFlipped(id);
    for (const id of different(before.metadataOnly, view.metadataOnly)) affected.entryFlipped(id);
    for (const node of before.avoided) if (!view.avoided.has(node)) affected.avoidedFlipped(node);
    for (const node of view.avoided) if (!before.avoided.has(node)) affected.avoidedFlipped(node);
    if (updated !== undefined) affected.updated(updated);
    affected.recheckKnown(change.overrides !== undefined);
    return affected.tell(this.#caches);
  }
}

function* different(a: Uint32Array, b: Uint32Array): Iterable<number> {
  for (let i = 0; i < a.length; i++) {
    const word = a[i]! ^ b[i]!;
    for (let bit = 0; word !== 0 && bit < 32; bit++) if ((word >>> bit) & 1) yield i * 32 + bit;
  }
}
