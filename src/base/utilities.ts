/** How programs of the system are run. */

/**
 * The environment for programs of util-linux and fuse: this process's, with the usual directories of the system behind its PATH, for
 * mount(8) lies in /sbin on some systems, and with untranslated messages, for they are matched.
 */
export function utilityEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, LC_ALL: 'C', PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin` };
}
