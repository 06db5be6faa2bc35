/**
 * V8's optimising compiler. Most code of a start runs for a moment only: to optimise it takes half of the processor time, and
 * is done when the code has done its work.
 */
import { setFlagsFromString } from 'node:v8';

/** Bytes of bytecode that a function executes before V8 thinks of optimising it: by itself, and during a start. */
const usual = 66 << 10;
const late = 8 * usual;

/**
 * Makes V8 optimise late, in all threads.
 *
 * @returns ends that
 */
export function optimiseLate(): () => void {
  setFlagsFromString(`--interrupt-budget=${late}`);
  return () => setFlagsFromString(`--interrupt-budget=${usual}`);
}
