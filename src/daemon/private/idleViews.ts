/** Views in which nothing runs any more, kept for who asks for one like them. */
import { LvfsError } from '../../base/index.js';
import type { InsideRequest } from '../request.js';
import type { Inside } from './client.js';

/** See the head of this file. */
export class IdleViews {
  readonly #views = new Set<Inside>();
  readonly #closing = new Set<Promise<void>>();
  #isClosed = false;

  /**
   * One of them, made the view that is asked for as if it had just been opened; undefined: there is none that can become it. It is the caller's
   * from then on. What fails is closed: a new view tells what is wrong.
   *
   * @param signal gives up
   */
  async take(request: InsideRequest, signal: AbortSignal): Promise<Inside | undefined> {
    for (const inside of this.#views) {
      if (!inside.canBecome(request)) continue;
      this.#views.delete(inside);
      const cancel = (): void => this.close(inside);
      signal.addEventListener('abort', cancel);
      try {
        await inside.become(request);
        return inside;
      } catch (error) {
        if (!(error instanceof LvfsError)) throw error;
        if (!signal.aborted) this.close(inside);
      } finally {
        signal.removeEventListener('abort', cancel);
      }
    }
    return undefined;
  }

  /** Keeps a view. */
  give(inside: Inside): void {
    if (this.#isClosed) return this.close(inside);
    this.#views.add(inside);
    inside.rest();
  }

  /** Takes a view away that is not to be used again. */
  close(inside: Inside): void {
    this.#views.delete(inside);
    const closing = inside.close();
    this.#closing.add(closing);
    void closing.finally(() => this.#closing.delete(closing));
  }

  /** Takes all of them away, and whatever is given later, and returns when nothing is left of them. */
  async closeAll(): Promise<void> {
    this.#isClosed = true;
    for (const inside of this.#views) this.close(inside);
    await Promise.all(this.#closing);
  }
}
