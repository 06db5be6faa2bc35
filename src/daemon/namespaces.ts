/** What lvfs asks of the system's namespaces, apart from running a command in them (enter.ts). */
import { readFileSync } from 'node:fs';
import { errorCode } from '../base/index.js';

/**
 * Whether this process is in a user namespace of its own, in which root is an ordinary user outside. Mounts that were
 * there before are then locked together: a directory can only be bound with everything that is mounted below it
 * (mount_namespaces(7)).
 */
export function inUserNamespace(): boolean {
  let text: string;
  try {
    text = readFileSync('/proc/self/uid_map', 'utf8');
  } catch (error) {
    // A kernel without user namespaces.
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
  return !isInitialMap(text);
}

/** Whether a uid_map maps every id to itself, as that of the initial namespace does; see user_namespaces(7). */
export function isInitialMap(text: string): boolean {
  return /^\s*0\s+0\s+4294967295\s*$/.test(text);
}
