import { createHash } from 'node:crypto';
import { readlinkSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, LvfsError } from '../../base/index.js';
import { pidNamespace } from './holding.js';
import { processStartTime, recording, unlessGone } from './registry.js';

/**
 * Keeps a mount point to this process until the returned function is called, so that of two that mount there at the same time
 * one does. A claim of a process that is gone counts for nothing.
 *
 * @param base the registry's directory
 * @throws LvfsError MOUNTING (exit 23) when another process is mounting there, NO_RUNTIME_DIR (exit 23)
 */
export function claimMountpoint(base: string, mountpoint: string): () => void {
  const file = join(
    base,
    `mounting-${createHash('sha256').update(`${pidNamespace()} ${mountpoint}`).digest('hex').slice(0, 16)}`,
  );
  // A link is made with its content at once.
  const mine = `${process.pid}.${processStartTime(process.pid) ?? '0'}`;
  for (;;) {
    if (recording(base, () => makeLink(mine, file))) return () => unlessGone(() => unlinkSync(file));
    let other: string | undefined;
    unlessGone(() => (other = readlinkSync(file)));
    if (other === undefined) continue;
    const [pid = '', startTime] = other.split('.');
    if (processStartTime(Number(pid)) === startTime) {
      throw new LvfsError('MOUNTING', `${mountpoint}: another lvfs (pid ${pid}) is mounting there`);
    }
    unlessGone(() => unlinkSync(file));
  }
}

/** False when there is one already. */
function makeLink(target: string, file: string): boolean {
  try {
    symlinkSync(target, file);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}
