/**
 * The programs that the library starts. The bundle holds all of them in the directory of the commands, and the library's own file there
 * as well: this path is right from both places.
 */

/** A daemon: what mounts and serves a view. */
export const daemonProgram = new URL('../cli/daemonMain.js', import.meta.url);

/** The server of a private view. */
export const insideProgram = new URL('../cli/insideMain.js', import.meta.url);

/** The manifest of the npm package, which lies beside `dist`. */
export const packageManifest = new URL('../../../package.json', import.meta.url);
