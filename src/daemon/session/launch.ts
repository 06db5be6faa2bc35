/**
 * Starting a daemon and waiting until its view answers.
 *
 * The daemon is a process of its own session whose standard input brings the request and whose fourth descriptor takes
 * its messages, one JSON object a line. Should the starting process go away before the view is mounted, the daemon reads
 * the end of its input and gives up. Standard output and error are its log.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import {
  errorCode,
  exitStatus,
  LvfsError,
  processStat,
  type Listener,
  isAutomounting,
} from '../../base/index.js';
import { mounter } from '../platform/index.js';
import { createSessionDirectory, logFile, recording, removeSessionDirectory } from '../registry/registry.js';
import type { SessionRequest, SessionStatus } from '../request.js';
import { hearOpening, readStartupMessage, startupLine, type StartupOrder } from './startup.js';
import { freeWhenStuck } from './stuck.js';
import { confined, dividedEnvironment } from './surroundings.js';

/** The descriptor on which a starting daemon reports. */
export const reportDescriptor = 3;

/** A daemon's process that has not been told yet what to mount. */
export interface StartedDaemon {
  readonly child: ChildProcess;
  /** Its directory in the registry. */
  readonly directory: string;
  /** Resolves with how its process ended. */
  readonly died: Promise<string>;
}

/**
 * Starts a daemon, which loads its code and waits for {@link launch} or {@link dismissDaemon}.
 *
 * @param entry the program of the daemon
 * @throws LvfsError NO_RUNTIME_DIR (exit 23)
 */
export function startDaemon(entry: URL): StartedDaemon {
  const directory = createSessionDirectory();
  let child: ChildProcess;
  try {
    const log = recording(dirname(directory), () => openSync(logFile(directory), 'ax', 0o600));
    const { command, args } = confined(fileURLToPath(entry));
    child = spawn(command, args, {
      cwd: '/',
      // Nobody but the automounter's group can look at a place that is being mounted automatically, or being given up: others wait until it is.
      detached: !isAutomounting(mounter.mounts(), processStat('self')?.group),
      env: dividedEnvironment().first,
      stdio: ['pipe', log, log, 'pipe'],
    });
    closeSync(log);
    if (child.pid !== undefined) outliveOthers(child.pid);
  } catch (error) {
    removeSessionDirectory(directory);
    throw error;
  }
  const died = new Promise<string>((done) => {
    child.once('error', (error) => done(error.message));
    child.once('exit', (code, signal) => done(signal === null ? `status ${code}` : signal));
  });
  // A daemon that dies at once closes its end; what it died of is told by `launch`.
  child.stdin?.on('error', () => undefined);
  return { child, directory, died };
}

/** Half of what keeps a process from ever being chosen (proc_pid_oom_score_adj(5)): a daemon that takes all memory is ended all the same. */
const oomScore = '-500';

/**
 * Everybody who uses a view loses it with its daemon, so that something else is ended first when memory is short. Only root can say so, and
 * not the daemon, which has no such right.
 */
function outliveOthers(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, oomScore);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
  }
}

/** Ends a daemon that has not been told what to mount, and returns when nothing of it is left. */
export async function dismissDaemon({ child, directory, died }: StartedDaemon): Promise<void> {
  child.kill('SIGKILL');
  await died;
  removeSessionDirectory(directory);
}

/**
 * Tells a daemon what to mount and waits for its view.
 *
 * @returns the state of the mounted view
 * @throws LvfsError the daemon's own, or DAEMON_DIED (exit 1) with the last line of its log
 */
export async function launch(
  daemon: StartedDaemon,
  request: SessionRequest,
  listener: Listener,
): Promise<SessionStatus> {
  const { child, directory, died } = daemon;
  try {
    if (child.pid === undefined)
      throw new LvfsError('NO_TOOL', `cannot run ${child.spawnfile}`, {
        exit: exitStatus.cannotMount,
        cause: await died,
      });
    freeWhenStuck(child.pid, died, request.mountpoint);
    return await order(daemon, { request, directory, environment: dividedEnvironment().told }, listener);
  } catch (error) {
    // A daemon that fails removes its directory itself, unless it was killed.
    removeSessionDirectory(directory);
    throw error;
  }
}

async function order(
  { child, died }: StartedDaemon,
  order: StartupOrder,
  listener: Listener,
): Promise<SessionStatus> {
  const input = child.stdio[0]!;
  const reports = child.stdio[reportDescriptor];
  if (!(reports instanceof Readable)) throw new TypeError('no pipe');
  input.write(startupLine(order));
  try {
    // While the daemon works: before it is started, nothing is loaded that can wait.
    const { createInterface } = await import('node:readline');
    for await (const line of createInterface({ input: reports })) {
      const message = readStartupMessage(line);
      if (message === undefined) continue;
      if (message.type === 'ready') return message.status;
      if (message.type === 'error') {
        // Its end is waited for, so that nothing of it is left when the failure is reported.
        await died;
        const { messageToError } = await import('../control/protocol.js');
        throw messageToError(message.error);
      }
      hearOpening(listener, message);
    }
    throw new LvfsError('DAEMON_DIED', `the daemon ended before the view was mounted (${await died})`, {
      cause: lastLine(logFile(order.directory)),
    });
  } finally {
    input.destroy();
    reports.destroy();
    child.unref();
  }
}

function lastLine(file: string): string | undefined {
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  const telling = lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1);
  return telling === '' ? undefined : telling;
}
