/**
 * What a daemon has of whoever started it: as few rights as it can do its work with, and of the environment what it needs.
 *
 * Rights: the bounding set and no_new_privs hold for all threads of the daemon and all that it ever starts, so they are set before Node
 * is (setpriv(1)). What the threads of lvfs's own code can do without beyond that they give up themselves (daemonMain.ts, serveWorker.ts).
 *
 * Environment: the first one of a process can be read in /proc for as long as it lives, so only names of a short list are in it. The rest of
 * the caller's comes with the order, as Portage's configuration may be made of any of it (make.conf(5)), and is forgotten as soon as it is
 * known what it is made of.
 */
import { findUtility, preloads } from '../../base/index.js';
import { canLimitTo, capabilityName, type Capability } from '../../system/index.js';

/** What a daemon does itself: it reads what the view shows, tells who asks, and takes its mounts away. */
export const ownCapabilities: readonly Capability[] = ['dacReadSearch', 'kill', 'sysAdmin', 'sysPtrace'];

/** What programs do that it runs: Portage, which becomes the user portage to source an ebuild, in the tree that is shown. */
export const passedCapabilities: readonly Capability[] = [
  ...(['chown', 'dacOverride', 'fowner', 'setgid', 'setuid', 'sysChroot'] as const),
];

/** The command line by which Node runs a program of lvfs's with no rights that a daemon has no use for. */
export function confined(program: string): { command: string; args: string[] } {
  const node = [...preloads(), program];
  // Anybody else has few rights, and fusermount(1), by which he mounts, is setuid.
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return { command: process.execPath, args: node };
  const kept = [...ownCapabilities, ...passedCapabilities];
  const bounding = ['-all', ...kept.map((one) => `+${capabilityName(one)}`)].join(',');
  const limits = canLimitTo(kept) ? ['--bounding-set', bounding] : [];
  return {
    // Whatever starts lvfs at boot may have no PATH, and the daemon has the same.
    command: findUtility('setpriv') ?? 'setpriv',
    args: ['--no-new-privs', '--inh-caps', '-all', ...limits, '--', process.execPath, ...node],
  };
}

/** What says where lvfs and its programs find things, and in which language. */
const surrounding =
  /^(?:HOME|LANG|LANGUAGE|LC_\w+|LOGNAME|LVFS_\w+|PATH|TMPDIR|TZ|USER|XDG_(?:CACHE_HOME|RUNTIME_DIR))$/;

type Environment = Readonly<Record<string, string>>;

/** This process's environment, divided into what a daemon is started with and what it is told. */
export function dividedEnvironment(): { readonly first: Environment; readonly told: Environment } {
  const all = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return {
    first: Object.fromEntries(all.filter(([name]) => surrounding.test(name))),
    told: Object.fromEntries(all.filter(([name]) => !surrounding.test(name) && !isLoaders(name))),
  };
}

/** Of what changes how programs are loaded, or Node runs, nothing is said of Gentoo. */
function isLoaders(name: string): boolean {
  return /^(?:LD_|NODE_|GLIBC_|MALLOC_)/.test(name);
}

/** Makes this process's environment be what it was started with, and what of its other variables counts. */
export function forgetEnvironment(counts: (name: string) => boolean): void {
  for (const name of Object.keys(process.env))
    if (!surrounding.test(name) && !counts(name)) delete process.env[name];
}
