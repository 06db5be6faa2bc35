/** The heap of a daemon's main thread. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** V8 gives room back when little was made in the seconds before (Heap::ReduceNewSpaceSize: less than a megabyte a second). */
const restMs = 10_000;

/**
 * Gives the room back that a start took and that is not needed for answering, once the start is some seconds ago: about 15 MiB, which V8
 * would keep until as much has been made again. It takes 40 ms of the main thread, which answers none of the kernel's requests.
 */
export function giveBackSoon(): void {
  setTimeout(() => {
    setFlagsFromString('--expose-gc');
    runInNewContext('gc()');
  }, restMs).unref();
}
