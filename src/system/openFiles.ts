/** Access to files, and whether system calls can be made for it. */
import { LvfsError } from '../base/index.js';
import { DirectFiles } from './directFiles.js';
import type { Files } from './files.js';
import { library } from './library.js';
import { NodeFiles } from './nodeFiles.js';

let problem: string | undefined;

/** Access to files, by system calls where they can be made, else by Node's `fs`. */
export function openFiles(): Files {
  const found = library();
  if (!('problem' in found)) {
    try {
      return new DirectFiles(found);
    } catch (error) {
      // The C library or the machine lacks one of them.
      problem = error instanceof Error ? error.message : String(error);
    }
  }
  return new NodeFiles();
}

/** Why no system calls can be made on this machine, in one line and what to do; undefined when they can. */
export function systemProblem(): LvfsError | undefined {
  const found = library();
  if ('problem' in found) problem ??= found.problem;
  else if (problem === undefined && openFiles().isExact) return undefined;
  return new LvfsError('SYSTEM_CALLS', `system calls cannot be made: ${problem ?? 'unknown reason'}`);
}
