/**
 * What the kernel says is wrong, as numbers. An {@link Errno} is positive everywhere in lvfs. Calls that give a count, a length or a
 * descriptor tell a failure in the same number, so that nothing has to be made for it: as an {@link Outcome}, which {@link failure} and
 * {@link failureOf} alone turn into an errno and back.
 */
import { constants } from 'node:os';
import { getSystemErrorMap, getSystemErrorName } from 'node:util';

declare const errnoBrand: unique symbol;

/** An errno of the host's kernel, as in `os.constants.errno`; 0 means success. */
export type Errno = 0 | (number & { readonly [errnoBrand]: true });

/** 0 or more: what was asked for. Below 0: a {@link failure}. */
export type Outcome = number;

/** Whether something is the name of an errno on this system. */
export function isErrnoName(code: string): code is keyof typeof constants.errno {
  return Object.hasOwn(constants.errno, code);
}

/** An errno that somebody else gives as a number: the C library, Node. */
export function errnoFrom(number: number): Errno {
  if (!isErrno(number)) throw new RangeError(`${number} is no errno`);
  return number;
}

function isErrno(number: number): number is Errno {
  return Number.isInteger(number) && number >= 0;
}

function areErrnos<N extends string>(
  table: Readonly<Record<N, number>>,
): table is Readonly<Record<N, Errno>> {
  return Object.values<number>(table).every(isErrno);
}

function errnos<N extends string>(table: Readonly<Record<N, number>>): Readonly<Record<N, Errno>> {
  if (!areErrnos(table)) throw new RangeError('os.constants.errno has what is no errno');
  return table;
}

/** Errno numbers by name (`errno.ENOENT`). */
export const errno = errnos(constants.errno);

/** A failure in place of what was asked for. */
export function failure(code: Errno): Outcome {
  // Without the minus sign, which the linter keeps everybody else from putting before an errno.
  return 0 - code;
}

/** What went wrong; 0 when nothing did. */
export function failureOf(outcome: Outcome): Errno {
  return outcome < 0 ? errnoFrom(-outcome) : 0;
}

/** The name of an errno: `ENOENT`. */
export function errnoName(code: Errno): string {
  return getSystemErrorName(failure(code));
}

/** What an errno means, in words. */
export function describeErrno(code: Errno): string {
  return getSystemErrorMap().get(failure(code))?.[1] ?? `error ${code}`;
}
