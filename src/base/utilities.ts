/** How programs of the system are run, and how users are told to run them. */

/**
 * The environment for programs of util-linux and fuse: this process's, with the usual directories of the system behind its PATH, for
 * mount(8) lies in /sbin on some systems, and with untranslated messages, for they are matched.
 */
export function utilityEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, LC_ALL: 'C', PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin` };
}

/** A word as a shell would need it typed. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
