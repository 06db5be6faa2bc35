/** Whose machine this is: what texts that are handed to others leave out. */
import { homedir, hostname, userInfo } from 'node:os';
import type { Person } from '../audit/index.js';

/** Who runs this process, and where. */
export function whoAsks(): Person {
  return { home: homedir(), user: userName(), host: hostname() };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A user without an entry in the database of users has no name.
    return '';
  }
}
