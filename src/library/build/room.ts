/** Private views for as long as something is done in them. */
import { constants } from 'node:os';
import { exitStatus, LvfsError, type ProcessEnd } from '../../base/index.js';
import { openInside, type Inside, type InsideRequest } from '../../daemon/index.js';
import { takeInside } from '../ahead.js';
import type { Hearer } from '../mounting.js';
import { throwIfAborted, type Interruption } from './interruption.js';

/** Provides a private view for as long as something is done with it. */
export type Room = <T>(
  request: InsideRequest,
  talk: Hearer,
  interruption: Interruption,
  use: (inside: Inside) => Promise<T>,
) => Promise<T>;

/** The exit status that a shell would give for how a command ended. */
export function statusOf({ code, signal }: ProcessEnd): number {
  return signal === null ? (code ?? exitStatus.runFailed) : 128 + constants.signals[signal];
}

/**
 * Mounts a private view, does something with it, and takes it away, whatever happens.
 *
 * @throws LvfsError what keeps the view from being mounted, or what `use` throws
 */
export async function withInside<T>(
  request: InsideRequest,
  talk: Hearer,
  interruption: Interruption,
  use: (inside: Inside) => Promise<T>,
): Promise<T> {
  const inside = await open(request, talk, interruption);
  const release = interruption.passTo((name) => inside.signal(name));
  try {
    // There was no command yet that it could have ended.
    throwIfAborted(interruption);
    return await use(inside);
  } finally {
    release();
    await inside.close();
  }
}

async function open(request: InsideRequest, talk: Hearer, { signal }: Interruption): Promise<Inside> {
  const inside = await openInside(await takeInside(), request, talk, signal);
  talk.progress('');
  return inside;
}

/**
 * Private views one after the other, that are one view for as long as it is asked for in the same way: it then becomes that of the next
 * targets. What went wrong in it is not used again.
 */
export class ReusedRoom {
  #inside: Inside | undefined;

  /** As {@link withInside}, but that the view may stay. */
  readonly use: Room = async (request, talk, interruption, use) => {
    const inside = await this.#take(request, talk, interruption);
    const release = interruption.passTo((name) => inside.signal(name));
    let isGood = false;
    try {
      throwIfAborted(interruption);
      const result = await use(inside);
      isGood = !interruption.signal.aborted;
      return result;
    } finally {
      release();
      if (!isGood) await this.close();
    }
  };

  /** Takes the view away. */
  async close(): Promise<void> {
    const inside = this.#inside;
    this.#inside = undefined;
    await inside?.close();
  }

  async #take(request: InsideRequest, talk: Hearer, interruption: Interruption): Promise<Inside> {
    const inside = this.#inside;
    if (inside?.canBecome(request) === true) {
      const cancel = (): void => void this.close();
      interruption.signal.addEventListener('abort', cancel);
      try {
        await inside.become(request);
        return inside;
      } catch (error) {
        if (!(error instanceof LvfsError)) throw error;
        // Whatever it is, a new view says it as it is.
      } finally {
        interruption.signal.removeEventListener('abort', cancel);
      }
    }
    await this.close();
    return (this.#inside = await open(request, talk, interruption));
  }
}
