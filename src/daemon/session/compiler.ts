/**
 * V8's optimising compiler. Most code of a start runs for a moment only: to optimise it takes half of the processor time, and
 * is done when the code has done its work.
 */
import { setFlagsFromString } from 'node:v8';

/**
 * What a function does before V8 optimises it, as V8's option and its default, by V8's major version: executed bytes of
 * bytecode in 11 (Node 20), calls in 12 (Node 22). Later ones have a quick compiler between, and gain nothing; an option that V8
 * does not know it complains about on standard error.
 */
const limits: Readonly<Record<number, { readonly option: string; readonly usual: number }>> = {
  11: { option: '--interrupt-budget', usual: 66 << 10 },
  12: { option: '--invocation-count-for-turbofan', usual: 3000 },
};

/** How much later than usual: during a start, and afterwards, as what the first command inside asks for is not much. */
const startFactor = 8;
const servingFactor = 2;

/**
 * Makes V8 optimise late, in all threads.
 *
 * @returns to be called when the start is over
 */
export function optimiseLate(): () => void {
  const limit = limits[Number.parseInt(process.versions.v8)];
  if (limit === undefined) return () => undefined;
  const { option, usual } = limit;
  setFlagsFromString(`${option}=${usual * startFactor}`);
  return () => setFlagsFromString(`${option}=${usual * servingFactor}`);
}
