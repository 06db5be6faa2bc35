/** Rights that a process can do without, given up for good: capabilities(7). */
import { readFileSync } from 'node:fs';
import { unlessRefused } from '../base/index.js';
import { library } from './library.js';

/** Numbers of linux/capability.h. */
const capabilities = {
  /** Giving files away. */
  chown: 0,
  /** Writing whatever the modes of files and directories say. */
  dacOverride: 1,
  /** Changing modes and times of files of others. */
  fowner: 3,
  /** Signals to processes of other users. */
  kill: 5,
  /** Reading every file and directory. */
  dacReadSearch: 2,
  /** Becoming a member of other groups, and another user. */
  setgid: 6,
  setuid: 7,
  /** chroot(2). */
  sysChroot: 18,
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
 * Leaves the calling thread, and those that it starts, no more than some capabilities, as far as it has them.
 *
 * @param effective what it can do by itself
 * @param passed what programs that it executes can do besides: with no_new_privs they get no more than it is permitted, otherwise
 *   root's get everything back that the bounding set has
 * @returns whether that was possible
 */
export function keepCapabilities(
  effective: readonly Capability[],
  passed: readonly Capability[] = [],
): boolean {
  const found = library();
  if ('problem' in found) return false;
  const header = new Uint32Array([version, 0]);
  const sets = new Uint32Array(6);
  const call = (name: string): number =>
    found.function(name, 'int', ['void *', 'void *'])(bytes(header), bytes(sets));
  if (call('capget') !== 0) return false;
  const permitted = maskOf([...effective, ...passed]);
  const masks = [maskOf(effective), permitted, 0];
  sets.forEach((word, i) => (sets[i] = word & (masks[i] ?? 0)));
  return call('capset') === 0;
}

/** Bits as /proc has them; all that lvfs has a name for are in the lower word. */
function maskOf(all: readonly Capability[]): number {
  return all.reduce((mask, one) => mask | (1 << capabilities[one]), 0);
}

/** CAP_SETPCAP, without which the bounding set stays. */
const setPcap = 1n << 8n;

/** Whether this thread has capabilities in its bounding set beside some, and may take them out. */
export function canLimitTo(kept: readonly Capability[]): boolean {
  const status = unlessRefused(() => readFileSync('/proc/self/status', 'latin1'), '');
  const set = (name: string): bigint =>
    BigInt(`0x${new RegExp(`^${name}:\\s*([\\da-f]+)$`, 'm').exec(status)?.[1] ?? '0'}`);
  return (set('CapEff') & setPcap) !== 0n && (set('CapBnd') & ~BigInt(maskOf(kept))) !== 0n;
}

/** The name of a capability for setpriv(1). */
export function capabilityName(one: Capability): string {
  return one.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function bytes(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer);
}
