/** Reads and lists paths of a view until it is told to stop, and counts what it gets that is hidden. */
import { readdirSync, readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { errorCode } from '../../src/base/index.js';
import { secret } from './attacker.js';

/** What a reader is given. */
export interface Race {
  readonly files: readonly string[];
  readonly directories: readonly string[];
  /** One word: above 0 means stop. */
  readonly stop: SharedArrayBuffer;
}

/** What it has seen. */
export interface Seen {
  readonly answers: number;
  readonly hidden: number;
  readonly shown: number;
}

if (parentPort !== null) {
  const { files, directories, stop } = workerData as Race;
  const flag = new Int32Array(stop);
  let [answers, hidden, shown] = [0, 0, 0];
  const ask = (question: () => string): void => {
    answers++;
    try {
      const text = question();
      if (text.includes(secret) || text.includes('hidden')) hidden++;
      else shown++;
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
    }
  };
  while (Atomics.load(flag, 0) === 0) {
    for (const file of files) ask(() => readFileSync(file, 'latin1'));
    for (const directory of directories) ask(() => readdirSync(directory).join());
  }
  parentPort.postMessage({ answers, hidden, shown } satisfies Seen);
}
