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
