/** Ends a process that has been with one input for too long, and says which. */
import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

const { name, shared } = workerData as { name: string; shared: SharedArrayBuffer };
const state = new Int32Array(shared, 0, 2);
const input = new Uint8Array(shared, 8);
const everyMs = 30_000;

let last = 0;
setInterval(() => {
  const begun = Atomics.load(state, 0);
  if (begun > 0 && begun === last) {
    const text = Buffer.from(input.subarray(0, state[1])).toString('latin1');
    writeSync(2, `${name}: does not end: ${JSON.stringify(text)}\n`);
    process.kill(process.pid, 'SIGABRT');
  }
  last = begun;
}, everyMs);
