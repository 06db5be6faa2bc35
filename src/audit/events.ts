/**
 * What the audit hears of: attempts to reach hidden paths, and first uses of visible ones. Plain data that crosses
 * thread and process boundaries.
 */

/** Milliseconds since the epoch. */
export type Milliseconds = number;

/**
 * What a process was doing when it met a path, told from its system call where the kernel shows it
 * (`/proc/<tid>/syscall`), else `lookup`.
 */
export type Operation = 'exec' | 'open' | 'stat' | 'access' | 'readlink' | 'list' | 'read' | 'lookup';

/** Facts of a process, read from /proc while it waits for its answer. Absent facts are empty strings. */
export interface ProcessFacts {
  /** Thread id as the daemon sees it; 0 when the process is in a pid namespace the daemon cannot see. */
  pid: number;
  /** `/proc/<pid>/comm`. */
  comm: string;
  /** Arguments joined with spaces, cut at 4 096 characters. */
  cmdline: string;
  /** Portage's EBUILD_PHASE (`configure`, `compile`, …). */
  phase: string;
  /** Portage's `CATEGORY/PF`. */
  package: string;
}

/** One access, as the serving thread reports it. */
export interface AccessEvent {
  time: Milliseconds;
  /** Absolute path in the view, one character per byte (latin1). */
  path: string;
  operation: Operation;
  /** Whether the path exists in the view. A hidden access is a denial. */
  visible: boolean;
  /** Whether the host has a directory there. */
  directory: boolean;
  /** cpvs of the owners; empty for an unowned path. */
  owners: readonly string[];
  process: ProcessFacts;
}

/** The text of a path for people: bytes that are not UTF-8 are written as `\xNN`, a backslash as `\\`. */
export function displayPath(path: string): string {
  const bytes = Buffer.from(path, 'latin1');
  const text = bytes.toString('utf8');
  if (!/[\uFFFD\\\p{Cc}]/u.test(text)) return text;
  let out = '';
  for (let i = 0; i < bytes.length;) {
    const length = utf8Length(bytes, i);
    const char = length === 0 ? '' : bytes.toString('utf8', i, i + length);
    if (length === 0 || /\p{Cc}/u.test(char)) {
      out += `\\x${(bytes[i] ?? 0).toString(16).padStart(2, '0')}`;
      i += 1;
    } else {
      out += char === '\\' ? '\\\\' : char;
      i += length;
    }
  }
  return out;
}

/** Length of the valid UTF-8 sequence at `at`; 0 when there is none. */
function utf8Length(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0;
  const length =
    first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  return bytes.toString('utf8', at, at + length).includes('\uFFFD') ? 0 : length;
}
