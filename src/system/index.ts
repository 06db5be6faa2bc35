/** System calls: what Node's own modules cannot do, or only at several times the cost. Imports nothing of lvfs but `base`. */
export { openChannel, type Channel } from './channel.js';
export type { DirectoryEntries, Failures, Files } from './files.js';
export { FileStatus, identityWords, inodeWords, type FileIdentity } from './fileStatus.js';
export { peerProcess } from './peer.js';
export { openFlag } from './library.js';
export { lockFile } from './fileLock.js';
export { MountCalls, mountFlag, unmountFlag } from './mounts.js';
export { closeInherited } from './inherited.js';
export { openFiles, systemProblem } from './openFiles.js';
export { PlainFile } from './plainFile.js';
export { canLimitTo, capabilityName, keepCapabilities, type Capability } from './privileges.js';
export { ProcessHandles, type ProcessHandle } from './processHandles.js';
export { SignedSocket, type SignedText } from './signedSocket.js';
export { DirectoryWatcher, Watches, type WatchEvent } from './watches.js';
