/** A serving thread that is always busy: it tells when it has begun a request while it should not have. */
import { workerData } from 'node:worker_threads';
import { Activity } from '../../src/fuse/index.js';

const { buffer, words } = workerData as { buffer: SharedArrayBuffer; words: Int32Array };
const marks = new Activity(buffer).thread(0);
const [requests, isPaused, begun] = [0, 1, 2];

for (;;) {
  marks.begin();
  if (Atomics.load(words, isPaused) !== 0) {
    Atomics.store(words, begun, 1);
    Atomics.notify(words, begun);
  }
  Atomics.add(words, requests, 1);
  marks.end();
}
