/** Every verb with the module that holds it. A module is loaded only when its verb is used. */
import type { Command } from './command.js';

/** A row of `lvfs --help`. */
export interface Verb {
  readonly name: string;
  readonly usage: string;
  readonly does: string;
  load(): Promise<Command>;
}

/** In the order of the help text. */
export const verbs: readonly Verb[] = [
  {
    name: 'mount',
    usage: 'mount <atom…> <mountpoint>',
    does: 'mount the view for building a package',
    load: async () => (await import('./commands/mount.js')).command,
  },
  {
    name: 'umount',
    usage: 'umount <mountpoint…>',
    does: 'unmount a view and end its daemon',
    load: async () => (await import('./commands/umount.js')).command,
  },
  {
    name: 'run',
    usage: 'run <atom…> -- <command…>',
    does: 'run a command in a view of its own',
    load: async () => (await import('./commands/run.js')).command,
  },
  {
    name: 'shell',
    usage: 'shell <atom…|mountpoint>',
    does: 'a shell in a view',
    load: async () => (await import('./commands/shell.js')).command,
  },
  {
    name: 'build',
    usage: 'build <atom…>',
    does: 'build in a view, and name what the ebuild forgot',
    load: async () => (await import('./commands/build.js')).command,
  },
  {
    name: 'check',
    usage: 'check <atom…>',
    does: 'build many, one verdict each',
    load: async () => (await import('./commands/check.js')).command,
  },
  {
    name: 'log',
    usage: 'log <mountpoint>',
    does: 'what was looked for in vain',
    load: async () => (await import('./commands/log.js')).command,
  },
  {
    name: 'report',
    usage: 'report <mountpoint>',
    does: 'what that says about the dependencies',
    load: async () => (await import('./commands/report.js')).command,
  },
  {
    name: 'allow',
    usage: 'allow <mountpoint> <atom or path…>',
    does: 'show more in a mounted view',
    load: async () => (await import('./commands/allow.js')).command,
  },
  {
    name: 'deny',
    usage: 'deny <mountpoint> <atom or path…>',
    does: 'show less in a mounted view',
    load: async () => (await import('./commands/deny.js')).command,
  },
  {
    name: 'status',
    usage: 'status [mountpoint…]',
    does: 'list the mounted views',
    load: async () => (await import('./commands/status.js')).command,
  },
  {
    name: 'deps',
    usage: 'deps <atom…>',
    does: 'the packages that a build may see, and why',
    load: async () => (await import('./commands/deps.js')).command,
  },
  {
    name: 'why',
    usage: 'why <path…>',
    does: 'who owns a path, and whether and why it is visible',
    load: async () => (await import('./commands/why.js')).command,
  },
  {
    name: 'paths',
    usage: 'paths',
    does: 'the system paths: shown although no package owns them',
    load: async () => (await import('./commands/paths.js')).command,
  },
  {
    name: 'index',
    usage: 'index [build|check|rebuild]',
    does: "build or check the index of installed packages' files",
    load: async () => (await import('./commands/index.js')).command,
  },
  {
    name: 'doctor',
    usage: 'doctor',
    does: 'is this machine ready, and what is missing',
    load: async () => (await import('./commands/doctor.js')).command,
  },
  {
    name: 'config',
    usage: 'config',
    does: 'the settings in force and where each comes from',
    load: async () => (await import('./commands/config.js')).command,
  },
];
