/** What tests of drivers have in common: a small tree, and looks at the machine. */
import { setTimeout as delay } from 'node:timers/promises';
import { errorCode, readMountTable } from '../../src/base/index.js';
import type { FileSpec } from './memoryFilesystem.js';
import { testSubtype } from './withMemoryMount.js';

/** The code of the system error that something throws; undefined when it throws nothing. */
export function codeOf(body: () => unknown): string | undefined {
  try {
    body();
    return undefined;
  } catch (error) {
    return errorCode(error);
  }
}

/** Whether something comes to hold within twenty seconds. */
export async function eventually(holds: () => boolean): Promise<boolean> {
  for (const end = Date.now() + 20_000; Date.now() < end; await delay(2)) if (holds()) return true;
  return false;
}

/** The mount points of the filesystems that this process's tests have mounted. */
export function fuseMounts(): string[] {
  return readMountTable()
    .filter(({ type }) => type === `fuse.${testSubtype}`)
    .map(({ mountpoint }) => mountpoint);
}

/** One of each: a file, a directory with a file in it, a link. */
export const tree: FileSpec = {
  entries: {
    hello: { data: 'hello, world\n', mode: 0o640, uid: 3, gid: 4, nlink: 2, ino: 2 ** 40 + 7 },
    sub: { entries: { inner: { data: 'x' } } },
    link: { link: 'sub/inner' },
  },
};
