/** Making directories. */
import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { errorCode } from './errors.js';

/**
 * Makes a directory, and those above it that are missing; nothing when it is there. Node's own way (`recursive`) never ends where the
 * kernel says ENOENT although all above is there, as in /proc.
 *
 * @param mode of all that are made, whatever the umask
 * @throws what mkdir(2) says
 */
export function makeDirectories(path: string, mode: number): void {
  try {
    make(path, mode);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EEXIST' && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
    const parent = dirname(path);
    if (code !== 'ENOENT' || statSync(parent, { throwIfNoEntry: false }) !== undefined) throw error;
    makeDirectories(parent, mode);
    make(path, mode);
  }
}

/** Where indexes are saved unless something else is said: `/var/cache/lvfs` for root, `$XDG_CACHE_HOME/lvfs` for anybody else. */
export function defaultCache(environment: NodeJS.ProcessEnv): string {
  if (process.getuid?.() === 0) return '/var/cache/lvfs';
  const base = environment['XDG_CACHE_HOME'];
  return join(base !== undefined && isAbsolute(base) ? base : join(homedir(), '.cache'), 'lvfs');
}

/** What is at a path, links followed; undefined for nothing, and where nobody could look, as below a file or in a circle of links. */
export function kindAt(path: string): 'directory' | 'other' | undefined {
  try {
    return statSync(path).isDirectory() ? 'directory' : 'other';
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return undefined;
  }
}

function make(path: string, mode: number): void {
  mkdirSync(path, { mode });
  // What the umask took. Never more than was asked for, so nobody can have got in meanwhile.
  chmodSync(path, mode);
}
