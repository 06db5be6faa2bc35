/** What a view's filesystem is made with. */
import type { AccessEvent } from '../audit/index.js';
import type { ProcessHandles } from '../system/index.js';
import { LinkedFiles } from './identity.js';
import { OpenFiles } from './openFiles.js';
import type { ProcessesOptions } from './process.js';
import type { Readers } from './readers.js';
import type { WatchedDirectories } from './watched.js';

/** Packages as bits, by their ids, in memory that may be shared: see uses.ts. */
export interface ToldPackages {
  /** Their uses are told one by one. */
  readonly each: Uint32Array;
  /** The first use of each of their files is told; absent: that of all files. */
  readonly first?: Uint32Array;
}

/** How a `ViewFs` behaves. */
export interface ViewFsOptions {
  /** Hears of each attempt to reach a hidden path that exists on the host, while the process still waits. */
  onAccess?: (event: AccessEvent) => void;
  /** Hears of each process that an event or {@link readers} refers to, before they do. */
  onProcess?: NonNullable<ProcessesOptions['onProcess']>;
  /** See {@link ProcessesOptions.handles}. */
  handles?: ProcessHandles;
  /** Which serving thread this is, from 0, and of how many. */
  thread?: { readonly number: number; readonly count: number };
  /** Of which packages uses are told, and how often; absent: the first of all files. */
  told?: ToldPackages;
  /** Report visible paths as well; nothing is cached by the kernel then, so that every access is seen. */
  trace?: boolean;
  /** Memory that all serving threads of a mount share; its own by default. */
  shared?: SharedFiles;
  /**
   * Whether the kernel checks access control lists. Where it does not, whom a file with such a list belongs to is all that counts:
   * the view refuses more than the host then, never less. Asked with each request, as it is agreed upon with the first.
   */
  checksLists?: () => boolean;
  /** Takes note of who reads a file, and lists a directory, first. */
  readers?: Readers;
  /** Whether changes of names in a directory are told to the kernel; without it what changes without a merge is valid for a second. */
  watched?: WatchedDirectories;
}

/** Memory of the serving threads of a mount; can be cloned. */
export interface SharedFiles {
  /** See {@link LinkedFiles.memory}. */
  readonly linked: SharedArrayBuffer;
  /** See {@link OpenFiles.memory}. */
  readonly open: SharedArrayBuffer;
}

/**
 * Memory for one mount.
 * @param openFiles open files kept at most
 */
export function newSharedFiles(openFiles: number): SharedFiles {
  return { linked: new LinkedFiles().memory, open: OpenFiles.memory(openFiles) };
}
