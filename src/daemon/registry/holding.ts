/**
 * Whether the process behind a record lives, where its id says nothing: containers, and machines, may share a registry, and each pid
 * namespace has ids of its own. A daemon holds a lock on a file in its session's directory until it ends.
 */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ifSeen, processLink } from '../../base/index.js';
import { lockFile } from '../../system/index.js';

/** The file that is locked. */
export const heldFile = 'held';

let place: string | undefined;

/** Names this process's pid namespace, of this boot of this machine, in few characters without a dot. */
export function pidNamespace(): string {
  const boot = (): string => ifSeen(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1')) ?? '';
  place ??= createHash('sha256')
    .update(`${boot()}${processLink('self', 'ns/pid') ?? ''}`)
    .digest('hex')
    .slice(0, 8);
  return place;
}

/** Holds a session until this process ends, or the returned function is called. */
export function hold(directory: string): () => void {
  const descriptor = openSync(join(directory, heldFile), 'w', 0o600);
  lockFile(descriptor, 'shared');
  return () => closeSync(descriptor);
}

/** Whether a process holds a session. One of which that cannot be told counts as held. */
export function isHeld(directory: string): boolean {
  const descriptor = ifSeen(() => openSync(join(directory, heldFile), 'r'));
  if (descriptor === undefined) return true;
  try {
    return lockFile(descriptor, 'exclusive') !== true;
  } finally {
    closeSync(descriptor);
  }
}
