/** The view as files: attributes, listings and contents. */
export { NodeHost } from './host.js';
export { DeviceTable } from './identity.js';
export { ViewFs, type ViewFsOptions } from './viewFs.js';
export { Readers, type SharedReaders } from './readers.js';
export { newWatchMemory, WatchAnswers, WatchedDirectories } from './watched.js';
