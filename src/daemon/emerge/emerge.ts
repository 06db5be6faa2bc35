/**
 * Portage on the real root, with the src_* phases of every ebuild in a view of that package.
 *
 *     lvfs emerge (P0) ─┬─ emerge, in a mount namespace of its own ── pid-ns-init: ours, for each phase
 *                       └─ a server (P1) for each package that is being built: see ../private/wire.ts
 *
 * Portage starts a phase by its `pid-ns-init`. In emerge's namespace a program of ours covers that file; nothing else differs from the
 * host, and nothing is covered outside. It asks P0, which listens at a socket, for the view, and enters P1's namespace. Socket,
 * programs and covers are in that namespace only, so that the kernel takes them away with emerge.
 *
 * When P0 dies, emerge is asked to end and each P1 kills what is in its view. When emerge dies, P0 kills its phases and what else it has
 * left in its session, and ends each P1.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endOf, exitStatus, LvfsError, type ProcessEnd } from '../../base/index.js';
import type { SystemLocations } from '../../portage/index.js';
import { readSystem } from '../plan/systemIndex.js';
import { namespaces } from '../platform/index.js';
import { controlSocket, makeRegistry } from '../registry/registry.js';
import type { ControlServer } from '../control/server.js';
import { initPrograms } from './initPrograms.js';
import { Phases, type PhaseListener, type PhaseOptions } from './phases.js';

/** What to run. */
export interface EmergeOrder extends Omit<PhaseOptions, 'beforeMerge'> {
  /** `emerge` or `ebuild`, looked for in PATH. */
  readonly program: string;
  readonly arguments: readonly string[];
  readonly locations: SystemLocations;
  /** The program that stands in for `pid-ns-init`. */
  readonly standIn: URL;
  /** Whether a value of LVFS in Portage's configuration asks for no views at all. */
  isOff(value: string | undefined): boolean;
}

/** A running emerge. */
export interface RunningEmerge {
  /** Resolves when it has ended and nothing of it is left. */
  readonly ended: Promise<ProcessEnd>;
  signal(name: NodeJS.Signals): void;
}

/**
 * Starts it, with this process's terminal, environment and directory.
 *
 * @throws LvfsError NO_PROGRAM; NO_PID_SANDBOX; NO_INIT_PROGRAM; COVER_FAILED (exit 23)
 */
export async function startEmerge(order: EmergeOrder, listener: PhaseListener): Promise<RunningEmerge> {
  const program = findProgram(order.program);
  const system = readSystem(order.locations, listener.log);
  if (order.isOff(system.variable('LVFS'))) return startPlain(order);
  checkFeatures(system.variable('FEATURES') ?? '', order.program);
  const originals = initPrograms(program, system.database, system.prefix);
  if (originals.size === 0) {
    throw new LvfsError(
      'NO_INIT_PROGRAM',
      'the installed Portage has no pid-ns-init, by which phases are started',
    );
  }
  const phases = new Phases(listener, {
    ...order,
    beforeMerge: async (cpv) => {
      // A file that is covered cannot be replaced. This emerge works with a copy of the old programs by then, ours among them.
      if (/^sys-apps\/portage-\d/.test(cpv)) await covered.uncover();
    },
  });
  const place = makeRegistry();
  let server: ControlServer | undefined;
  const covered = namespaces.spawnCovered([program, ...order.arguments], process.env, {
    place,
    covers: [...originals.keys()].map((path) => ({ path, by: 'stand-in' })),
    prepare: async (seen) => {
      const standIn = readFileSync(order.standIn, 'utf8').replace('"@PLACE@"', JSON.stringify(place));
      writeFileSync(join(seen, 'stand-in'), standIn);
      writeFileSync(join(seen, 'originals'), JSON.stringify(Object.fromEntries(originals)));
      server = await phases.listen(controlSocket(seen));
    },
  });
  const { child, ended, ready } = covered;
  try {
    await ready;
  } catch (error) {
    child.kill('SIGKILL');
    await server?.close();
    throw error;
  }
  const namespace = child.pid === undefined ? undefined : namespaces.hold(child.pid);
  const end = async (): Promise<ProcessEnd> => {
    await ended;
    const { exitCode, signalCode } = child;
    // Whoever was killed could not end what it had started.
    if (signalCode !== null && namespace !== undefined) await namespaces.killSession(namespace.name);
    namespace?.release();
    await phases.close();
    await server?.close();
    return { code: exitCode, signal: signalCode };
  };
  return { ended: end(), signal: (name) => child.kill(name) };
}

/**
 * Starts it as it is, without any view.
 *
 * @throws LvfsError NO_PROGRAM
 */
export function startPlain(order: Pick<EmergeOrder, 'program' | 'arguments'>): RunningEmerge {
  const child = spawn(findProgram(order.program), order.arguments, { stdio: 'inherit' });
  const ended = endOf(child, 'exit').then(({ error, ...end }) => {
    if (error !== undefined)
      throw new LvfsError('NO_PROGRAM', `cannot run ${order.program}`, { cause: error });
    return end;
  });
  return { ended, signal: (name) => child.kill(name) };
}

function findProgram(name: string): string {
  const found = (process.env['PATH'] ?? '')
    .split(':')
    .filter((directory) => directory.startsWith('/'))
    .map((directory) => join(directory, name))
    .find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new LvfsError('NO_PROGRAM', `${name} is not installed: PATH leads to none`, {
    exit: exitStatus.commandNotFound,
    hint: 'install sys-apps/portage',
  });
}

/**
 * Without it phases are not started by the program that is covered.
 *
 * @param features as Portage uses them
 */
function checkFeatures(features: string, program: string): void {
  if (features.split(/\s+/).includes('pid-sandbox')) return;
  throw new LvfsError('NO_PID_SANDBOX', 'pid-sandbox is not in FEATURES, and views need it', {
    hint: `FEATURES="pid-sandbox" lvfs ${program} …, or in make.conf; without views: LVFS=off`,
  });
}
