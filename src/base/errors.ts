/**
 * The two families of errors that lvfs raises on purpose. A plain `Error` anywhere means a bug.
 */
import { errorTable, statusesOf, type ErrorCode } from './errorTable.js';
import { errno, isErrnoName, type Errno } from './errno.js';
import type { ExitStatus } from './exitStatus.js';

/** An answer to the kernel: nothing but an errno. */
export class FsError extends Error {
  constructor(
    readonly errno: Errno,
    message = `errno ${errno}`,
  ) {
    super(message);
    this.name = 'FsError';
  }
}

/** What an {@link LvfsError} may carry besides its message. */
export interface LvfsErrorOptions {
  /** The status the command ends with, where the table has several for the code, or the command is one that runs another. */
  exit?: ExitStatus;
  /** A second line that says what the user can do; that of the table when not given. */
  hint?: string | undefined;
  /** What led to this error; its message is appended when the error is shown. */
  cause?: unknown;
  /** Further facts for `--json`, such as the candidates of an ambiguous name. */
  details?: Readonly<Record<string, unknown>>;
}

/**
 * A failure that is explained to the user: one line, without a stack.
 *
 * The message names the offending value; what the code stands for is in {@link errorTable}.
 */
export class LvfsError extends Error {
  readonly exit: ExitStatus;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    readonly code: ErrorCode,
    message: string,
    options: LvfsErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'LvfsError';
    this.exit = options.exit ?? statusesOf(code)[0];
    this.hint = options.hint ?? errorTable[code].hint;
    this.details = options.details ?? {};
  }
}

/** The `code` of a Node system error (`'ENOENT'`), or undefined for anything else. */
export function errorCode(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return undefined;
}

/** What a machine may be short of, or what is broken in it, and what helps. */
const shortages: Readonly<Record<string, string>> = {
  ENOSPC: 'make room on that file system; df -h and df -i show what it lacks',
  EDQUOT: 'make room; the quota of this user is used up',
  EMFILE: 'let this process open more files: ulimit -n 1024',
  ENFILE: 'end what has so many files open, or raise fs.file-max with sysctl(8)',
  ENOMEM: 'end what takes the memory',
  EAGAIN: 'end what runs, or let this user start more processes: ulimit -u',
  EIO: 'look into the log of the kernel (dmesg): a device may be failing',
  EROFS: 'mount that file system so that it can be written',
};

/**
 * The failure that a system error stands for when it says that the machine is short of something, or broken: nothing that lvfs
 * could be blamed for. Everything else as it is.
 */
export function asFailure(error: unknown): unknown {
  const code = errorCode(error);
  const hint = code === undefined || error instanceof LvfsError ? undefined : shortages[code];
  return hint === undefined ? error : new LvfsError('SHORTAGE', describeError(error), { hint });
}

/** The errno of a Node system error; EIO for anything that has none. */
export function errnoOf(error: unknown): Errno {
  if (error instanceof FsError) return error.errno;
  const code = errorCode(error);
  return code !== undefined && isErrnoName(code) ? errno[code] : errno.EIO;
}

/** The message of an error followed by those of its causes, outermost first, on one line. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  for (let e: unknown = error; e !== undefined; e = e instanceof Error ? e.cause : undefined) {
    const text = (e instanceof Error ? e.message : String(e)).replace(/\s*\n\s*/g, ' ').trim();
    if (text !== '' && !parts.some((part) => part.includes(text))) parts.push(text);
  }
  return parts.join(': ');
}
