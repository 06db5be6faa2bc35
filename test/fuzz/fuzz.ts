/**
 * Fuzzing with coverage: inputs that ran code which none before had run are kept, and further ones are made of those. The fuzzers of npm
 * either bring native code or cannot read what this is written in; V8 counts by itself what has run.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { Coverage } from './coverage.js';
import { Chance, mutate } from './mutate.js';

/** What is given made-up inputs. */
export interface FuzzTarget {
  readonly name: string;
  /** Inputs as they should be. */
  readonly seeds: readonly (string | Uint8Array)[];
  /** Words that chance alone would not find. */
  readonly words?: readonly string[];
  /** One of so many inputs is tried, where trying one takes a process or a file; default all. */
  readonly share?: number;
  /** Whether inputs of one run say anything to the next; default true. */
  readonly isKept?: false;
  /** Handles an input. Throws when something that has to hold does not. */
  run(input: Buffer): void | Promise<void>;
  /** Removes what was made for it. */
  close?(): void;
}

/** What came of it. */
export interface FuzzResult {
  /** Inputs that were tried. */
  readonly tried: number;
  /** Those that ran new code, the ones given included. */
  readonly kept: readonly Buffer[];
  /** The longest that one took, in milliseconds, the machine's other work included. */
  readonly slowestMs: number;
  /** Bytes by which memory has grown from the first half of them to the end, if in both parts of that: what is made once is no growth. */
  readonly grownBytes: number;
}

/** An input for which something does not hold. */
class Breach extends Error {
  constructor(target: string, input: Buffer, cause: unknown) {
    const what = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    super(`${target}: ${JSON.stringify(input.toString('latin1'))} (bytes as latin1)\n${what}`, { cause });
  }
}

/** After so many inputs is looked whether one of them ran anything new: to look takes as long as hundreds of them. */
const batch = { least: 32, most: 1024 };
/** An input that takes longer is a breach. */
const longestMs = 1000;

/** How {@link fuzz} works. */
export interface FuzzOptions {
  readonly inputs: number;
  readonly seed: number;
  /** Inputs kept by earlier runs. */
  readonly corpus: readonly Buffer[];
}

/** @throws Breach with the shortest input found for which something does not hold */
export async function fuzz(target: FuzzTarget, { inputs, seed, corpus }: FuzzOptions): Promise<FuzzResult> {
  const chance = new Chance(seed);
  const words = (target.words ?? []).map((word) => Buffer.from(word, 'latin1'));
  const watch = new Watch(target);
  const coverage = new Coverage();
  const kept: Buffer[] = [];
  // Most are done at once, and then waiting would take longer than they do.
  const run = (input: Buffer): Promise<void> | undefined => watch.run(input);
  /** Keeps those that run anything new. */
  const keep = async (inputs: readonly Buffer[]): Promise<void> => {
    for (const input of inputs) await run(input);
    const [first] = inputs;
    if (coverage.take(inputs.length === 1) === 0 || first === undefined) return;
    if (inputs.length === 1) kept.push(first);
    else {
      await keep(inputs.slice(0, inputs.length >> 1));
      await keep(inputs.slice(inputs.length >> 1));
    }
  };
  try {
    const known = [...target.seeds.map((one) => Buffer.from(one)), ...corpus];
    for (const input of known) await keep([input]);
    // Where V8 sees nothing of what runs.
    if (kept.length === 0) kept.push(...known);
    const count = Math.max(2 * batch.least, Math.ceil(inputs / (target.share ?? 1)));
    const marks: number[] = [];
    for (let done = 0, size = batch.least; done < count;) {
      if (done >= (count * (marks.length + 2)) / 4) marks.push(memory());
      const tried: Buffer[] = [];
      while (tried.length < size && done < count) {
        const input = mutate(chance, kept, words);
        tried.push(input);
        const running = run(input);
        if (running !== undefined) await running;
        done++;
      }
      const isNew = coverage.take(false) > 0;
      if (isNew) await keep(tried);
      size = isNew ? batch.least : Math.min(2 * size, batch.most, count);
    }
    const end = memory();
    const [half = end, later = end] = marks;
    return {
      tried: count,
      kept,
      slowestMs: watch.slowestMs,
      grownBytes: 2 * Math.min(later - half, end - later),
    };
  } finally {
    watch.close();
    target.close?.();
  }
}

/** Of inputs, those that are needed to run all that they run, short ones first. */
export async function fewest(target: FuzzTarget, inputs: readonly Buffer[]): Promise<Buffer[]> {
  const coverage = new Coverage();
  const kept: Buffer[] = [];
  for (const input of [...inputs].sort((a, b) => a.length - b.length)) {
    coverage.skip();
    await target.run(input);
    if (coverage.take(true) > 0) kept.push(input);
  }
  return kept;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes in use. */
function memory(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Runs inputs, and tells of those that take too long, or for ever. */
class Watch {
  readonly #target: FuzzTarget;
  /** How many inputs were begun; how long the present one is; and itself. */
  readonly #shared = new SharedArrayBuffer(8 + (1 << 13));
  readonly #state = new Int32Array(this.#shared, 0, 2);
  readonly #input = new Uint8Array(this.#shared, 8);
  readonly #watchdog: Worker;
  slowestMs = 0;

  constructor(target: FuzzTarget) {
    this.#target = target;
    this.#watchdog = new Worker(new URL('./watchWorker.js', import.meta.url), {
      workerData: { name: target.name, shared: this.#shared },
    });
    this.#watchdog.unref();
  }

  close(): void {
    void this.#watchdog.terminate();
  }

  run(input: Buffer): Promise<void> | undefined {
    this.#input.set(input);
    this.#state[1] = input.length;
    Atomics.add(this.#state, 0, 1);
    const start = performance.now();
    try {
      const running = this.#target.run(input);
      if (running === undefined) return this.#ended(input, start);
      return running.then(
        () => this.#ended(input, start),
        (error: unknown) => this.#breach(input, error),
      );
    } catch (error) {
      return this.#breach(input, error);
    }
  }

  #ended(input: Buffer, start: number): Promise<void> | undefined {
    const ms = performance.now() - start;
    this.slowestMs = Math.max(this.slowestMs, ms);
    return ms > longestMs ? this.#again(input) : undefined;
  }

  /** One that seemed slow: the machine may be busy, so what counts is processor time. */
  async #again(input: Buffer): Promise<void> {
    const before = process.cpuUsage();
    await this.#target.run(input);
    const { user, system } = process.cpuUsage(before);
    const ms = (user + system) / 1000;
    if (ms > longestMs) throw new Breach(this.#target.name, input, `takes ${Math.round(ms)} ms`);
  }

  /** Makes the input shorter as long as it does not hold for that, either. */
  async #breach(input: Buffer, error: unknown): Promise<never> {
    let shortest = input;
    let cause = error;
    for (let size = input.length >> 1; size > 0; size >>= 1) {
      for (let at = 0; at < shortest.length;) {
        const shorter = Buffer.concat([shortest.subarray(0, at), shortest.subarray(at + size)]);
        try {
          await this.#target.run(shorter);
          at += size;
        } catch (thrown) {
          shortest = shorter;
          cause = thrown;
        }
      }
    }
    throw new Breach(this.#target.name, shortest, cause);
  }
}
