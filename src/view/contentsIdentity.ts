/** What tells one state of a package's CONTENTS, and of what is preserved of it, from another: time, size, inode, digest. */
import { statSync, type BigIntStats } from 'node:fs';
import { crc32 } from 'node:zlib';
import { errorCode } from '../base/index.js';
import { identityWords } from './pathIndex.js';

/** The file of a VDB entry that lists its paths. */
export function contentsFile(directory: string): string {
  return `${directory}/CONTENTS`;
}

const statOptions = { bigint: true, throwIfNoEntry: false } as const;

/** The identity of one package at a time, in memory that is used again for the next. */
export class ContentsIdentity {
  readonly #longs = new BigUint64Array(Math.ceil(identityWords / 2));
  /** As `PathIndex.setIdentity` takes it. */
  readonly words = new Uint32Array(this.#longs.buffer, 0, identityWords);

  /** Looks at the file as it is now; one that is not there or cannot be read has zeros. */
  look(file: string, preserved: readonly string[]): this {
    let stat: BigIntStats | undefined;
    try {
      stat = statSync(file, statOptions);
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
    }
    return this.set(stat, preserved);
  }

  /** Takes what is known of the file; undefined: it cannot be read. */
  set(stat: BigIntStats | undefined, preserved: readonly string[]): this {
    // Taken apart through memory: far cheaper than arithmetic on 64-bit integers.
    this.#longs[0] = stat?.mtimeNs ?? 0n;
    this.#longs[1] = stat?.size ?? 0n;
    this.#longs[2] = stat?.ino ?? 0n;
    this.words[identityWords - 1] = preserved.length === 0 ? 0 : crc32(preserved.join('\0'));
    return this;
  }

  /** Whether it is the one that was remembered. */
  equals(remembered: Uint32Array): boolean {
    const { words } = this;
    for (let i = 0; i < identityWords; i++) if (words[i] !== remembered[i]) return false;
    return true;
  }
}
