/** The view as files: attributes, listings and contents. */
export { NodeHost } from './host.js';
export { openFilesLimit } from './openFiles.js';
export { kernelNodeId } from './nodeIds.js';
export { newNumberingKey, NumberedOperations, Numbering, type NumberingKey } from './numbering.js';
export { newSharedFiles, type SharedFiles, type ToldPackages, type ViewFsOptions } from './options.js';
export { ViewFs } from './viewFs.js';
export { Readers, type SharedReaders } from './readers.js';
export { newWatchMemory, WatchedDirectories, WatchTable } from './watched.js';
