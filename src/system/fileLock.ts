/** Locks of open files (flock(2)): the kernel gives them up when the process ends, wherever that is. */
import { library } from './library.js';

/** LOCK_NB of asm-generic/fcntl.h, and the locks. */
const atOnce = 4;
const locks = { shared: 1, exclusive: 2 } as const;

/**
 * Locks an open file for as long as the descriptor is open. A shared lock is waited for.
 *
 * @returns whether it is locked; an exclusive one is not where somebody else has a lock; undefined: no system calls can be made
 */
export function lockFile(descriptor: number, kind: keyof typeof locks): boolean | undefined {
  const found = library();
  if ('problem' in found) return undefined;
  const lock = found.function('flock', 'int', ['int', 'int']);
  return lock(descriptor, locks[kind] | (kind === 'exclusive' ? atOnce : 0)) === 0;
}
