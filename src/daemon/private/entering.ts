/** A command in a view that is mounted already. */
import { workingDirectory } from '../../base/index.js';
import { otherViews } from '../registry/mounts.js';
import { namespaces, type Entered } from '../platform/index.js';
import { connect } from '../registry/sessions.js';
import { Insistence } from './insistence.js';

/** A command in a mounted view. */
export interface MountedCommand {
  /** Chooses the command, knowing what is visible. */
  argv(isVisible: (path: string) => boolean): readonly string[];
  readonly noNetwork: boolean;
  readonly hostProcesses: boolean;
}

/**
 * Starts a command in a mounted view, in namespaces of its own, with this process's terminal.
 *
 * @throws LvfsError NOT_MOUNTED, STALE_MOUNT, NO_ANSWER (exit 24)
 */
export async function enterMounted(given: string, how: MountedCommand): Promise<Entered> {
  const client = await connect(given);
  try {
    const cwd = workingDirectory();
    const candidates = [...new Set(['/bin/sh', ...how.argv(() => true), ...how.argv(() => false)])].filter(
      (path) => path.startsWith('/'),
    );
    const facts = await client.request('inside', { cwd, programs: candidates });
    const entered = namespaces.enter({
      root: facts.root,
      cwd: facts.cwd,
      argv: how.argv((path) => facts.visible.includes(path)),
      env: { ...process.env, ...facts.environment },
      stdio: 'inherit',
      noNetwork: how.noNetwork,
      hostProcesses: how.hostProcesses,
      mountProc: facts.hasProc,
      ownMounts: true,
      leave: otherViews(facts.root),
    });
    const signals = new Insistence(entered.signal, entered.kill);
    return {
      ...entered,
      ended: entered.ended.finally(() => signals.over()),
      signal: (name) => signals.pass(name),
    };
  } finally {
    client.close();
  }
}
