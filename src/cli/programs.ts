/**
 * The other programs of lvfs, beside the one that runs. Only modules of this directory may name them: the bundle holds all
 * programs in one directory, and this is where it lies. Those that views are made by are the library's (src/library/programs.ts).
 */
export { insideProgram } from '../library/index.js';

/** What stands in for Portage's `pid-ns-init`; Python, beside `dist`. */
export const standInProgram = new URL('../../../src/daemon/emerge/pid-ns-init.py', import.meta.url);
