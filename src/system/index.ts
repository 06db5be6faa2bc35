/** System calls: what Node's own modules cannot do, or only at several times the cost. Imports nothing of lvfs but `base`. */
import { LvfsError } from '../base/index.js';
import { DirectFiles } from './directFiles.js';
import type { Files } from './files.js';
import { library } from './library.js';
import { NodeFiles } from './nodeFiles.js';

export { openChannel, type Channel } from './channel.js';
export type { DirectoryEntries, Failures, Files } from './files.js';
export { FileStatus, identityWords, inodeWords, type FileIdentity } from './fileStatus.js';
export { peerProcess } from './peer.js';
export { openFlag } from './library.js';
export { lockFile } from './fileLock.js';
export { MountCalls, mountFlag, unmountFlag } from './mounts.js';
export { closeInherited } from './inherited.js';
export { canLimitTo, capabilityName, keepCapabilities, type Capability } from './privileges.js';
export { ProcessHandles, type ProcessHandle } from './processHandles.js';
export { SignedSocket, type SignedText } from './signedSocket.js';
export { DirectoryWatcher, Watches, type WatchEvent } from './watches.js';

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
