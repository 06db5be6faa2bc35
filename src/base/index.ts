/** What every other folder may use; imports nothing of lvfs. */
export { packageDirectoryAt, repositoryAround } from './checkouts.js';
export * from './directories.js';
export * from './errors.js';
export * from './errorTable.js';
export * from './exitStatus.js';
export * from './json.js';
export * from './lazy.js';
export * from './log.js';
export * from './markup.js';
export * from './objects.js';
export * from './mountTable.js';
export * from './packages.js';
export * from './paths.js';
export * from './regularFile.js';
export * from './savedFile.js';
export * from './suggest.js';
export * from './utilities.js';
export * from './windows.js';
