/** Follows the databases of installed packages for as long as anybody can notice what a view shows. */
import { describeError, type Logger } from '../../base/index.js';
import { watchDatabase, type Watching } from './databaseWatch.js';

/** See the head of this file. */
export class Following {
  readonly #databases: readonly string[];
  readonly #reload: () => Promise<void>;
  readonly #log: Logger;
  #watches: readonly Watching[] = [];
  #isResting = false;
  /** Resolves when the view is up to date again that was resting. */
  #awake: Promise<void> = Promise.resolve();

  /** @param reload brings the view up to what is installed now */
  constructor(databases: readonly string[], reload: () => Promise<void>, log: Logger) {
    this.#databases = databases;
    this.#reload = reload;
    this.#log = log;
  }

  /** Follows what happens, and what has happened since this process started. */
  start(): void {
    this.#watch();
  }

  /** Does not follow until {@link wake} or {@link resume}. */
  rest(): void {
    this.close();
    this.#isResting = true;
  }

  /** Follows what happens from now on, for who reads the databases next. */
  resume(): void {
    if (this.#isResting) this.#watch(Infinity);
  }

  /** Resolves when it follows, and what was missed is made up for. */
  wake(): Promise<void> {
    if (this.#isResting) {
      this.resume();
      this.#awake = this.#reload().catch((error: unknown) =>
        this.#log('error', `after changes in ${this.#databases.join(', ')}: ${describeError(error)}`),
      );
    }
    return this.#awake;
  }

  close(): void {
    for (const watch of this.#watches) watch.close();
    this.#watches = [];
  }

  /** @param readAt as for {@link watchDatabase} */
  #watch(readAt?: number): void {
    this.#isResting = false;
    this.#watches = this.#databases.map((directory) =>
      watchDatabase(directory, this.#reload, this.#log, readAt),
    );
  }
}
