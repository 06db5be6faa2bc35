import type { IndexNode } from '../pathIndex.js';

/** What was found out about the last directory that was asked about: names in one directory come one after the other. */
export class LastDirectory<T> {
  readonly #find: (directory: IndexNode) => T;
  #last: { readonly directory: IndexNode; readonly found: T } | undefined;

  /** @param find what is to be found out; the same each time, until {@link forget} */
  constructor(find: (directory: IndexNode) => T) {
    this.#find = find;
  }

  of(directory: IndexNode): T {
    if (this.#last?.directory !== directory) this.#last = { directory, found: this.#find(directory) };
    return this.#last.found;
  }

  /** Directories may be others, or what is found out of them. */
  forget(): void {
    this.#last = undefined;
  }
}
