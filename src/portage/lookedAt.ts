/**
 * What was found where a configuration was read, so that it can be kept: {@link LookedAt.isUnchanged} tells whether all of it would be found again.
 *
 * A file or directory that has its times, size and inode still is believed to have the same in it. One that was changed less than two
 * seconds before could change again within the same tick of the clock, and one with other times need not say anything else (`env-update`
 * writes its files at each merge): these are read again and compared.
 */
import { statSync } from 'node:fs';
import { errorCode } from '../base/index.js';

/** How long ago the last change has to be for times to be believed. */
const settledMs = 2000;

/** Times, size and inode of what a path leads to; undefined when it cannot be told by them whether it changes, or there is nothing. */
export function settledIdentity(path: string): string | undefined {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    const { dev, ino, size, mtimeMs, ctimeMs } = stat;
    if (Date.now() - Math.max(ctimeMs, mtimeMs) < settledMs) return undefined;
    return `${dev} ${ino} ${size} ${mtimeMs} ${ctimeMs}`;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return undefined;
  }
}

/** Something that was asked, and how it is asked again. */
interface Question {
  readonly answer: string;
  readonly ask: () => string;
  /** Whose {@link settledIdentity} tells that nothing has changed; undefined: nothing but asking does. */
  readonly path: string | undefined;
  /** Known from the first time that it was compared. */
  identity: string | undefined;
}

/** See the head of this file. */
export class LookedAt {
  readonly #questions = new Map<string, Question>();

  /**
   * Notes an answer.
   *
   * @param key tells it from other questions
   * @param ask gives the answer as it is at that time; must not throw
   * @param path see {@link Question.path}
   */
  note(key: string, answer: string, ask: () => string, path?: string): void {
    this.#questions.set(key, { answer, ask, path, identity: undefined });
  }

  /** Whether every question has the same answer. */
  isUnchanged(): boolean {
    for (const question of this.#questions.values()) {
      // Before it is read: what changes meanwhile has another one the next time.
      const identity = question.path === undefined ? undefined : settledIdentity(question.path);
      if (identity !== undefined && identity === question.identity) continue;
      if (question.ask() !== question.answer) return false;
      question.identity = identity;
    }
    return true;
  }
}
