/** Rights that a process can do without, given up for good: capabilities(7). */
import { library } from './library.js';

/** Numbers of linux/capability.h. */
const capabilities = {
  /** Writing whatever the modes of files and directories say. */
  dacOverride: 1,
  /** Signals to processes of other users. */
  kill: 5,
  /** Reading every file and directory. */
  dacReadSearch: 2,
  /** What /proc tells of processes of other users. */
  sysPtrace: 19,
  /** Mounting, and entering namespaces. */
  sysAdmin: 21,
} as const;

/** One of the rights that lvfs has a use for. */
export type Capability = keyof typeof capabilities;

/** `_LINUX_CAPABILITY_VERSION_3`: a header of two words, then effective, permitted and inheritable, the lower words first. */
const version = 0x20080522;

/**
 * Leaves the calling thread, and those that it starts, no more than some capabilities, as far as it has them. Programs that it executes
 * as root get theirs back (that is what execve(2) does for root), so what is called for mounting still can.
 *
 * @returns whether that was possible
 */
export function keepCapabilities(...kept: readonly Capability[]): boolean {
  const found = library();
  if ('problem' in found) return false;
  const header = new Uint32Array([version, 0]);
  const sets = new Uint32Array(6);
  const call = (name: string): number =>
    found.function(name, 'int', ['void *', 'void *'])(bytes(header), bytes(sets));
  if (call('capget') !== 0) return false;
  const mask = kept.reduce((all, one) => all | (1 << capabilities[one]), 0);
  sets.forEach((word, i) => (sets[i] = i < 3 ? word & mask : 0));
  return call('capset') === 0;
}

function bytes(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer);
}
