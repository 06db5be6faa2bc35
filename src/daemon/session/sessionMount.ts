/** The mount of one session, and how it is taken away. */
import { setTimeout as delay } from 'node:timers/promises';
import { LvfsError } from '../../base/index.js';
import type { Connection } from '../../fuse/index.js';
import { mounter } from '../platform/index.js';
import { isMounted, mountAt, removeMount, unmountBinds } from '../registry/mounts.js';
import { busyError, heldError } from '../registry/busy.js';

/** How long another mount namespace may take to let go of an unmounted view, and how often it is looked for. */
const heldGraceMs = 2000;
const heldPollMs = 25;

/** Made while it is mounted. */
export class SessionMount {
  readonly mountpoint: string;
  /** The number of its device, `major:minor`. */
  readonly device: string;
  readonly #connection: Connection;
  readonly #hasBinds: boolean;
  #isUnmounting = false;
  #isOver = false;

  /** @param hasBinds whether something is mounted over the view, and taken away with it */
  constructor(connection: Connection, hasBinds: boolean) {
    this.#connection = connection;
    this.#hasBinds = hasBinds;
    this.mountpoint = connection.mountpoint;
    this.device = mountAt(connection.mountpoint)?.device ?? '';
  }

  /** `detached`: somebody has taken it from its place, and somebody uses it still. */
  get state(): 'serving' | 'unmounting' | 'detached' {
    if (this.#isUnmounting) return 'unmounting';
    return this.#isMounted ? 'serving' : 'detached';
  }

  /** Whether it is being taken away. */
  get isUnmounting(): boolean {
    return this.#isUnmounting;
  }

  /** The connection has ended: nobody is answered any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether another mount namespace has it. */
  get isHeld(): boolean {
    return mounter.heldBy(this.device).length > 0;
  }

  /**
   * Unmounts it; the connection then ends.
   *
   * @param lazy detach it although it is in use, and end the connection: who still uses it gets errors
   * @throws LvfsError MOUNT_BUSY naming the processes that use it; MOUNT_HELD when it is unmounted, but other mount namespaces have it
   *   still, and naming them: it is served until they are gone, or until it is detached
   */
  async takeAway(lazy: boolean): Promise<void> {
    if (lazy) return this.#detach();
    if (this.#isMounted) await this.#unmount(false);
    // Whoever makes a mount namespace may be about to let go of the view, as lvfs itself does; and once nobody has it the number of its
    // device is soon another mount's.
    for (const start = performance.now(); !this.#isOver; await delay(heldPollMs)) {
      const holders = mounter.heldBy(this.device);
      if (holders.length === 0) return;
      if (performance.now() - start < heldGraceMs) continue;
      this.#isUnmounting = false;
      throw heldError(this.mountpoint, holders);
    }
  }

  /** The serving threads have ended. */
  connectionEnded(): void {
    this.#isUnmounting = true;
    this.#isOver = true;
  }

  /**
   * Removes what is left after {@link connectionEnded}.
   *
   * @param failure why the threads have ended, if they know
   * @returns the same, or that the connection was cut: threads that ended without a failure did so because of the mount's end, or
   *   because somebody did that
   */
  async finish(failure: string | undefined): Promise<string | undefined> {
    const why = failure ?? (this.#isMounted ? 'the connection was aborted' : undefined);
    if (why !== undefined) await removeMount(this.mountpoint, this.device);
    this.#connection.close();
    return why;
  }

  get #isMounted(): boolean {
    return isMounted(this.mountpoint, this.device);
  }

  async #detach(): Promise<void> {
    // A connection is ended by its number, which would be the next mount's as soon as this one is gone.
    using held = mounter.hold(this.mountpoint, this.device);
    if (this.#isMounted) await this.#unmount(true);
    // What somebody else has, or fusermount detaches, lives on until nobody uses it.
    const livesOn = process.getuid?.() !== 0 || this.isHeld;
    if (livesOn && (held !== undefined || !this.#isOver)) this.#connection.abort();
  }

  async #unmount(lazy: boolean): Promise<void> {
    const { mountpoint } = this;
    this.#isUnmounting = true;
    if (this.#hasBinds && !lazy) await this.#unmountBinds();
    const result = await mounter.unmount(mountpoint, lazy);
    if (!result.done) {
      this.#isUnmounting = false;
      if (result.busy) throw busyError(mountpoint, mounter.holders(mountpoint, this.device));
      throw new LvfsError('UNMOUNT_FAILED', `${mountpoint}: cannot be unmounted: ${result.message}`);
    }
  }

  /** Nothing is taken away while anything of it is in use. */
  async #unmountBinds(): Promise<void> {
    const { mountpoint } = this;
    let holders = mounter.holders(mountpoint, this.device);
    if (holders.length === 0 && (await unmountBinds(mountpoint, false)).length === 0) return;
    this.#isUnmounting = false;
    if (holders.length === 0) holders = mounter.holders(mountpoint, this.device);
    throw busyError(mountpoint, holders);
  }
}
