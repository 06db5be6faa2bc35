/** A command in a view that is mounted already. */
import { workingDirectory } from '../../base/index.js';
import { otherViews } from '../registry/mounts.js';
import { namespaces, type Entered } from '../platform/index.js';
import { connect } from '../registry/sessions.js';
import { Insistence } from './insistence.js';

/** What is run. */
export interface ChosenCommand {
  readonly argv: readonly string[];
  /** Variables that differ from the caller's. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Descriptors of this process that the command has, from 3 on. */
  readonly descriptors?: readonly number[];
}

/** A command in a mounted view. */
export interface MountedCommand {
  /** Programs of which {@link choose} asks whether they are visible. */
  readonly programs: readonly string[];
  /** Chooses the command. */
  choose(isVisible: (path: string) => boolean): ChosenCommand;
  readonly noNetwork: boolean;
  readonly hostProcesses: boolean;
}

/**
 * Starts a command in a mounted view, in namespaces of its own, with this process's terminal.
 *
 * @throws LvfsError NOT_MOUNTED, STALE_MOUNT, NO_ANSWER (exit 24)
 */
export async function enterMounted(given: string, how: MountedCommand): Promise<Entered> {
  using client = await connect(given);
  const cwd = workingDirectory();
  const facts = await client.request('inside', { cwd, programs: [...how.programs] });
  const { argv, environment, descriptors = [] } = how.choose((path) => facts.visible.includes(path));
  const entered = namespaces.enter({
    root: facts.root,
    cwd: facts.cwd,
    argv,
    env: { ...process.env, ...facts.environment, ...environment },
    stdio: ['inherit', 'inherit', 'inherit', ...descriptors],
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
}
