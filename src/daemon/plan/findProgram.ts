/** What becomes of a command before it is run: the search of execvp(3), in a view. */
import { closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { errorCode } from '../../base/index.js';

/** What a search came to. */
export type FoundProgram =
  | { readonly found: 'there' }
  /**
   * Nothing is at these paths, absolute inside.
   *
   * `script`: it is the interpreter of that which is not there.
   */
  | { readonly found: 'absent'; readonly paths: readonly string[]; readonly script?: string }
  | { readonly found: 'unusable'; readonly path: string; readonly why: 'directory' | 'mode' };

/** As exec has it where PATH is not set (confstr(3), `_CS_PATH`). */
const usualSearch = '/bin:/usr/bin';

/** The longest first line of a script that the kernel reads (`BINPRM_BUF_SIZE` in linux/binfmts.h). */
const longestLine = 256;

/**
 * Finds out whether a command could be run. What cannot be told from outside is taken to be all right.
 *
 * @param name as it would be given to execvp
 * @param search PATH
 * @param cwd where it would be run, absolute inside
 * @param fileOf the host's file of a path inside, its links followed; undefined where nothing is
 */
export function findProgram(
  name: string,
  search: string | undefined,
  cwd: string,
  fileOf: (path: string) => string | undefined,
): FoundProgram {
  if (name === '') return { found: 'absent', paths: [] };
  const paths = name.includes('/')
    ? [resolve(cwd, name)]
    : (search ?? usualSearch).split(':').map((directory) => resolve(cwd, directory, name));
  let unusable: FoundProgram | undefined;
  for (const path of paths) {
    const file = fileOf(path);
    if (file === undefined) continue;
    const why = obstacle(file);
    if (why === undefined) return withInterpreter(path, file, fileOf);
    unusable ??= { found: 'unusable', path, why };
  }
  return unusable ?? { found: 'absent', paths };
}

function obstacle(file: string): 'directory' | 'mode' | undefined {
  const status = statSync(file, { throwIfNoEntry: false });
  if (status === undefined) return undefined;
  if (status.isDirectory()) return 'directory';
  const anybody = constants.S_IXUSR | constants.S_IXGRP | constants.S_IXOTH;
  return (status.mode & anybody) === 0 ? 'mode' : undefined;
}

/** A script is run by what its first line names (execve(2), "Interpreter scripts"). */
function withInterpreter(
  script: string,
  file: string,
  fileOf: (path: string) => string | undefined,
): FoundProgram {
  const interpreter = /^#![ \t]*(\/[^\s\0]*)/.exec(firstBytes(file))?.[1];
  if (interpreter === undefined || fileOf(interpreter) !== undefined) return { found: 'there' };
  return { found: 'absent', paths: [interpreter], script };
}

function firstBytes(file: string): string {
  try {
    const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const bytes = Buffer.alloc(longestLine);
      return bytes.toString('latin1', 0, readSync(fd, bytes));
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    // It may be run without being read.
    return '';
  }
}
