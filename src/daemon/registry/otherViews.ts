/**
 * Keeps a view away from all others. Two views that show each other's mount points would wait for each other for ever, with everybody
 * who uses either, as soon as both are asked about the other at the same time.
 *
 * Whoever mounts one tells the others before ({@link OtherViews.expect}). Those that are recorded elsewhere, and so tell nobody, are
 * seen in the mount table within a second, and so is that one is gone.
 */
import { describeError, type Logger } from '../../base/index.js';
import { otherViews } from './mounts.js';

/** How often the mount table is looked at. */
const tableMs = 1_000;
/** How long something that was announced may take to appear in the mount table. */
const announcedMs = 60_000;

/** What one session knows of the other views. */
export class OtherViews {
  readonly #mountpoint: string;
  readonly #avoid: (paths: readonly string[]) => Promise<void>;
  readonly #timer: NodeJS.Timeout;
  /** Until when each mount point that was announced counts although nothing is mounted there. */
  readonly #announced = new Map<string, number>();
  #avoided: readonly string[];

  /**
   * @param mountpoint that of the view itself
   * @param avoided what it avoids so far
   * @param avoid makes these paths, and no others, be avoided
   */
  constructor(
    mountpoint: string,
    avoided: readonly string[],
    avoid: (paths: readonly string[]) => Promise<void>,
    log: Logger,
  ) {
    this.#mountpoint = mountpoint;
    this.#avoided = avoided;
    this.#avoid = avoid;
    this.#timer = setInterval(() => {
      this.look().catch((error: unknown) => log('error', `other views: ${describeError(error)}`));
    }, tableMs).unref();
  }

  /** Resolves when a place is avoided at which a view is going to be mounted. */
  expect(mountpoint: string): Promise<void> {
    this.#announced.set(mountpoint, performance.now() + announcedMs);
    return this.look();
  }

  /** Looks at the mount table; resolves when everything in it is avoided. */
  async look(): Promise<void> {
    const mounted = otherViews(this.#mountpoint);
    const now = performance.now();
    for (const [path, until] of this.#announced)
      if (now > until || mounted.includes(path)) this.#announced.delete(path);
    const paths = new Set([...mounted, ...this.#announced.keys()]);
    const known = new Set(this.#avoided);
    if (paths.size === known.size && [...paths].every((path) => known.has(path))) return;
    this.#avoided = [...paths];
    await this.#avoid(this.#avoided);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
