/** The serving threads, seen from the main thread. */
import { SHARE_ENV, Worker } from 'node:worker_threads';
import type { Ledger } from '../../audit/index.js';
import { describeError, type Logger } from '../../base/index.js';
import type { Connection } from '../../fuse/index.js';
import type { SharedView } from '../../view/index.js';
import type { HostWatch } from './hostWatch.js';
import type { ProcessEnds } from './processEnds.js';
import { hear, tell, type ServeOrder, type ThreadData } from './threadMessages.js';

/**
 * Room for what a serving thread makes and forgets within a request, in MiB. V8 would take 48, and keep them filled;
 * answers do not come any quicker.
 */
const youngMiB = 6;

function startThread(thread: number): Worker {
  const workerData: ThreadData = { thread };
  return new Worker(new URL('./serveWorker.js', import.meta.url), {
    workerData,
    // What the main thread forgets this one forgets.
    env: SHARE_ENV,
    resourceLimits: { maxYoungGenerationSizeMb: youngMiB },
  });
}

/** The serving threads of a session. */
export class ServingThreads {
  readonly #threads: Worker[] = [];
  /** Resolves when all have ended, with the first failure. */
  readonly ended: Promise<string | undefined>;
  /** What each thread has failed with. */
  readonly #failures = new Map<number, string>();
  #failure: string | undefined;
  #stopping = false;
  #serving: Connection | undefined;
  /** Hears of changes in the directories that threads watch. */
  watch: HostWatch | undefined;
  /** Hears that a thread has filled the index, nearly; see PathIndex.onCrowded. */
  onCrowded: (() => void) | undefined;

  /**
   * @param count at least 1
   * @param ends hears of the handles that threads have opened
   */
  constructor(count: number, log: Logger, ledger: Ledger, ends: ProcessEnds | undefined) {
    for (let thread = 0; thread < count; thread++) {
      const worker = startThread(thread);
      hear(worker, (message) => {
        switch (message.type) {
          case 'log':
            return log(message.level, message.text);
          case 'process':
            ledger.meet(message.record);
            if (message.handle !== undefined) ends?.watch(message.record.id, message.handle);
            return;
          case 'access':
            return ledger.record(message.event);
          case 'crowded':
            return this.onCrowded?.();
          case 'failed':
            this.#failures.set(thread, message.text);
        }
      });
      this.#threads.push(worker);
    }
    this.ended = this.#watchEnds();
  }

  get count(): number {
    return this.#threads.length;
  }

  /** The first failure of a thread. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Gives every thread its view, to make ready while that is mounted. */
  prepare(view: SharedView): void {
    for (const worker of this.#threads) tell(worker, { type: 'view', view });
  }

  /** Tells every thread what to serve; {@link prepare} has been called. */
  serve(order: ServeOrder, connection: Connection): void {
    this.#serving = connection;
    for (const worker of this.#threads) tell(worker, { type: 'serve', order });
  }

  /** Ends threads that serve nothing, or whose connection is gone. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#threads.map((worker) => worker.terminate()));
  }

  async #watchEnds(): Promise<string | undefined> {
    await Promise.all(this.#threads.map((worker, thread) => this.#watchEnd(worker, thread)));
    return this.#failure;
  }

  #watchEnd(worker: Worker, thread: number): Promise<void> {
    worker.on('error', (error) =>
      this.#failures.set(thread, `serving thread ${thread} crashed: ${describeError(error)}`),
    );
    return new Promise((done) => {
      worker.on('exit', (code) => {
        let failure = this.#failures.get(thread);
        if (code !== 0 && !this.#stopping) failure ??= `serving thread ${thread} ended with status ${code}`;
        if (failure !== undefined) {
          this.#failure ??= failure;
          // The others would go on answering, and requests that this one has taken would hang for ever.
          this.#serving?.abort();
        }
        done();
      });
    });
  }
}
