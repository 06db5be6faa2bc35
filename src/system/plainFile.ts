/** Files in directories of others, who may have put anything in their place: links to what only root reads, FIFOs, devices. */
import { fstatSync } from 'node:fs';
import { checkRegular, errnoName, failureOf, systemError } from '../base/index.js';
import { openFiles } from './openFiles.js';

/** A regular file to which no link leads, open until the block ends in which it is `using`. Nobody is waited for. */
export class PlainFile implements Disposable {
  readonly fd: number;
  readonly #files = openFiles();

  /**
   * @param path absolute; links that are nobody else's to make have been taken out
   * @throws EINVAL or EISDIR for what is no regular file; ELOOP or ENOTDIR where a link is on the way; else what open(2) says
   */
  constructor(path: string) {
    this.fd = this.#files.open(Buffer.from(path));
    const code = failureOf(this.fd);
    if (code !== 0) {
      this.#files.forget();
      throw systemError(errnoName(code), path);
    }
    try {
      checkRegular(fstatSync(this.fd));
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#files.close(this.fd);
    // The directories on the way.
    this.#files.forget();
  }
}
