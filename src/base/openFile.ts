/** Descriptors that are closed by leaving a block. */
import { closeSync, openSync } from 'node:fs';

/** A file that is open until the block ends in which it is `using`. */
export class OpenFile implements Disposable {
  readonly fd: number;

  /** @throws what open(2) says */
  constructor(...how: Parameters<typeof openSync>) {
    this.fd = openSync(...how);
  }

  [Symbol.dispose](): void {
    closeSync(this.fd);
  }
}
