/** What has to hold for an input. */
import { isDeepStrictEqual } from 'node:util';
import { LvfsError } from '../../src/base/index.js';

/** The result, or undefined when what was given is refused; anything else that is thrown is a bug. */
export function unlessRefused<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    return refused(error);
  }
}

/** For a rejected promise: undefined when it is a refusal in one line. */
export function refused(error: unknown): undefined {
  if (!(error instanceof LvfsError)) throw error;
  hold(error.message !== '', 'a refusal says why');
}

/** @throws when a statement is false */
export function hold(statement: boolean, what: string): void {
  if (!statement) throw new Error(what);
}

/** @throws when two values differ */
export function same(found: unknown, expected: unknown, what: string): void {
  if (!isDeepStrictEqual(found, expected))
    throw new Error(`${what}: ${show(found)} instead of ${show(expected)}`);
}

function show(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 400) ?? 'undefined';
}

/** Whether a text is printable ASCII, for which what stands for a second opinion is written. */
export function isPlain(text: string): boolean {
  return /^[\n\t -~]*$/.test(text);
}
