/**
 * What the audit hears of: processes, their attempts to reach hidden paths, and their uses of visible ones. Plain data that
 * crosses thread and process boundaries.
 */
import type { PackageId } from '../base/index.js';

/** Milliseconds since the epoch. */
export type Milliseconds = number;

/**
 * What a process was doing when it met a path, told from its system call where the kernel shows it
 * (`/proc/<tid>/syscall`), else `lookup`.
 */
export type Operation = 'exec' | 'open' | 'stat' | 'access' | 'readlink' | 'list' | 'read' | 'lookup';

/**
 * A process as it was when it was first seen with this program. What another program replaces in the same process
 * (execve(2)) is another record. Read from /proc while it waits for its answer; absent facts are empty.
 */
export interface ProcessRecord {
  /** From 1; unique in a session. */
  id: number;
  /** The record of the process that started it; 0 when that is none of the view's. */
  parent: number;
  /** Thread id as the daemon sees it. */
  pid: number;
  /** `/proc/<pid>/comm`. */
  comm: string;
  /** The file that is executed, as a path in the view. */
  program: string;
  /** Arguments, cut at 4 096 characters in all. */
  arguments: readonly string[];
  /** Working directory, as a path in the view. */
  directory: string;
  /** Portage's EBUILD_PHASE (`configure`, `compile`, …), also of the parent. */
  phase: string;
  /** Portage's `CATEGORY/PF`. */
  package: string;
  /** Portage's PORTAGE_BUILDDIR. */
  buildDirectory: string;
  /** When it was first seen. */
  seen: Milliseconds;
}

/** How a process ended, and when: looked at from time to time, so known within bounds. */
export interface ProcessEnd {
  /** As a shell gives it. */
  readonly status: number;
  /** When it was last seen alive, and first seen to have ended. */
  readonly alive: Milliseconds;
  readonly ended: Milliseconds;
}

/** A process that ended with an error. */
export interface Ended {
  /** What `/proc/<pid>/comm` called it. */
  readonly process: string;
  /** As a shell gives it. */
  readonly status: number;
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
  /**
   * The whole path that the system call names, one character per byte: for a hidden directory, and for what is executed (another
   * one than {@link path} when this is the interpreter of a script). Empty when it cannot be seen.
   */
  wanted: string;
  /** cpvs of the owners; empty for an unowned path. */
  owners: readonly PackageId[];
  /** {@link ProcessRecord.id}; 0 for a process that the daemon cannot see. */
  process: number;
}
