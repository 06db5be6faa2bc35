/** What is done when the system refuses: every reader of files has to say what it takes a missing one for. */
import { errorCode } from './errors.js';

/** Nothing is there by that name, or not any more: a file, one on another machine, or a process. */
const absent: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ENOTDIR', 'ESTALE', 'ESRCH']);

/** Somebody else's. */
const forbidden: ReadonlySet<string | undefined> = new Set(['EACCES', 'EPERM']);

/** Whether an error says that there is no such file or process. */
export function isAbsent(error: unknown): boolean {
  return absent.has(errorCode(error));
}

/** What `look` gives; undefined when there is no such file or process. */
export function ifThere<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** What `look` gives; undefined when there is no such file or process, or it may not be looked at. */
export function ifSeen<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (isAbsent(error) || forbidden.has(errorCode(error))) return undefined;
    throw error;
  }
}

/** What `look` gives; `otherwise` when the system refuses, for whatever reason. */
export function unlessRefused<T, U>(look: () => T, otherwise: U): T | U {
  try {
    return look();
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return otherwise;
  }
}
