/** Every verb with the module that holds it. A module is loaded only when its verb is used. */
import { nearest } from '../base/index.js';
import type { Command } from './command.js';
import { UsageError } from './errors.js';

/** In the order of the help text. */
const modules: Readonly<Record<string, () => Promise<Command>>> = {
  mount: async () => (await import('./commands/mount.js')).command,
  umount: async () => (await import('./commands/umount.js')).command,
  run: async () => (await import('./commands/run.js')).command,
  shell: async () => (await import('./commands/shell.js')).command,
  build: async () => (await import('./commands/build.js')).command,
  check: async () => (await import('./commands/check.js')).command,
  fix: async () => (await import('./commands/fix.js')).command,
  emerge: async () => (await import('./commands/emerge.js')).command,
  ebuild: async () => (await import('./commands/ebuild.js')).command,
  watch: async () => (await import('./commands/watch.js')).command,
  log: async () => (await import('./commands/log.js')).command,
  report: async () => (await import('./commands/report.js')).command,
  allow: async () => (await import('./commands/live.js')).allow,
  deny: async () => (await import('./commands/live.js')).deny,
  retarget: async () => (await import('./commands/retarget.js')).command,
  status: async () => (await import('./commands/status.js')).command,
  deps: async () => (await import('./commands/deps.js')).command,
  why: async () => (await import('./commands/why.js')).command,
  paths: async () => (await import('./commands/paths.js')).command,
  index: async () => (await import('./commands/savedIndex.js')).command,
  doctor: async () => (await import('./commands/doctor.js')).command,
  config: async () => (await import('./commands/config.js')).command,
  completion: async () => (await import('./commands/completion.js')).command,
  help: async () => (await import('./commands/help.js')).command,
};

/** The names of all verbs, in the order of the help text. */
export const verbNames: readonly string[] = Object.keys(modules);

/**
 * Loads a verb.
 *
 * @param behindOptions the name was found behind options, of which one may have an argument
 * @throws UsageError that suggests what was probably meant
 */
export async function loadVerb(name: string, behindOptions = false): Promise<Command> {
  const load = Object.hasOwn(modules, name) ? modules[name] : undefined;
  if (load !== undefined) return load();
  const advice = behindOptions ? "; a command's options stand behind it" : '';
  throw new UsageError(`unknown command '${name}'${advice}`, nearest(name, verbNames), undefined);
}

/** All verbs, in the order of the help text. */
export function loadVerbs(): Promise<Command[]> {
  return Promise.all(verbNames.map((name) => loadVerb(name)));
}
