import { createHash } from 'node:crypto';
import { linkSync, readdirSync, readlinkSync, renameSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, ifSeen, LvfsError, unlessRefused } from '../../base/index.js';
import { pidNamespace } from './holding.js';
import { processStartTime, recording, unlessGone } from './registry.js';

const prefix = 'mounting-';

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
    `${prefix}${createHash('sha256').update(`${pidNamespace()} ${mountpoint}`).digest('hex').slice(0, 16)}`,
  );
  // A link is made with its content at once.
  const mine = `${process.pid}.${processStartTime(process.pid) ?? '0'}.${pidNamespace()}`;
  for (;;) {
    if (recording(base, () => makeLink(mine, file))) return () => unlessGone(() => unlinkSync(file));
    const other = ifSeen(() => readlinkSync(file));
    if (other === undefined) continue;
    const [pid = '', startTime] = other.split('.');
    if (processStartTime(Number(pid)) === startTime) {
      throw new LvfsError('MOUNTING', `${mountpoint}: another lvfs (pid ${pid}) is mounting there`);
    }
    removeClaim(file, other);
  }
}

/** Removes the claims of processes that were killed while they mounted. */
export function clearClaims(base: string): void {
  for (const name of ifSeen(() => readdirSync(base)) ?? []) {
    if (!name.startsWith(prefix) || name.includes('.')) continue;
    const file = join(base, name);
    const claim = ifSeen(() => readlinkSync(file)) ?? '';
    const [pid, startTime, namespace] = claim.split('.');
    if (namespace === pidNamespace() && processStartTime(Number(pid)) !== startTime) removeClaim(file, claim);
  }
}

/** Removes a claim if it is still the one that was looked at: another process may have taken the place over meanwhile. */
function removeClaim(file: string, claim: string): void {
  const aside = `${file}.${process.pid}`;
  unlessGone(() => {
    renameSync(file, aside);
    if (readlinkSync(aside) !== claim) unlessRefused(() => linkSync(aside, file), undefined);
    unlinkSync(aside);
  });
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
