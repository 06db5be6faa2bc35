/**
 * What the machine has to do for a session, behind one interface each; here is chosen who does it. Together with the drivers
 * (src/fuse) and the mount table (base/mountTable.ts) this is all that a port has to bring: see docs/porting.md.
 */
import { linuxMounter } from './linuxMounter.js';
import { linuxNamespaces } from './linuxNamespaces.js';
import type { Mounter } from './mounter.js';
import type { NamespaceHelper } from './namespaceHelper.js';

export * from './health.js';
export * from './mounter.js';
export type * from './namespaceHelper.js';

/** Mounts and unmounts on this machine. */
export const mounter: Mounter = linuxMounter;

/** Runs programs with mounts of their own on this machine. */
export const namespaces: NamespaceHelper = linuxNamespaces;
