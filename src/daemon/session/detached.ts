/** A session as a process of its own, in the background or in the foreground: orders, reports and signals. */
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { asFailure, describeError, LvfsError, type Logger } from '../../base/index.js';
import { errorToMessage } from '../control/protocol.js';
import { giveBackSoon } from './heap.js';
import type { SessionRequest, SessionStatus } from '../request.js';
import type { Session, SessionEnd } from './session.js';
import { startSession } from './starting.js';
import { readStartupOrder, sendOpening, type StartupMessage, type StartupOrder } from './startup.js';
import { forgetEnvironment } from './surroundings.js';

/** How a session in the foreground is run. */
export interface RunOptions {
  /** The session's directory in the registry. */
  readonly directory: string;
  readonly log: Logger;
  readonly progress: (text: string) => void;
  /** The view answers. */
  readonly ready: (status: SessionStatus, session: Session) => void;
  /** What SIGHUP means: nothing for a daemon, an end for a command whose terminal went away. */
  readonly hangup: 'ignore' | 'stop';
  /** Aborted when the session is no longer wanted before it is ready. */
  readonly signal?: AbortSignal;
}

/**
 * Runs a session to its end.
 *
 * The first SIGTERM or SIGINT unmounts; when the view is in use it stays and the log names who uses it. The second one
 * detaches the view all the same and ends.
 *
 * @throws LvfsError when it cannot be mounted; see {@link startSession}
 */
export async function runSession(request: SessionRequest, options: RunOptions): Promise<SessionEnd> {
  const cancel = new AbortController();
  options.signal?.addEventListener('abort', () => cancel.abort());
  let session: Session | undefined;
  let signals = 0;
  const onSignal = (name: NodeJS.Signals): void => {
    signals++;
    cancel.abort();
    if (session !== undefined) void stopOnSignal(session, name, signals > 1, options.log);
  };
  const names: NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGQUIT'];
  if (options.hangup === 'stop') names.push('SIGHUP');
  else process.on('SIGHUP', ignore);
  // Before the mount, so that no signal finds a mount without a handler.
  for (const name of names) process.on(name, onSignal);
  try {
    session = await startSession(request, { ...options, signal: cancel.signal });
    if (cancel.signal.aborted) void stopOnSignal(session, 'SIGTERM', signals > 1, options.log);
    options.ready(session.status(), session);
    const end = await session.ended;
    if (end.failure !== undefined) options.log('error', `${request.mountpoint}: ${end.failure}`);
    return end;
  } finally {
    for (const name of names) process.off(name, onSignal);
    process.off('SIGHUP', ignore);
  }
}

function ignore(): void {
  // A daemon outlives its terminal.
}

async function stopOnSignal(
  session: Session,
  name: NodeJS.Signals,
  again: boolean,
  log: Logger,
): Promise<void> {
  try {
    await session.stop({ lazy: again });
  } catch (error) {
    if (!(error instanceof LvfsError)) throw error;
    log('warn', `${name}: ${describeError(error)}; another signal detaches it all the same`);
  }
}

/** How a detached daemon speaks. */
export interface DaemonChannels {
  /** Sends a message to the starting process, if it is still there. */
  readonly report: (message: StartupMessage) => void;
  readonly log: Logger;
}

/**
 * The life of a detached daemon. Standard input brings the order as one line; its end before the view is there means that the
 * starting process has gone, and this one gives up.
 *
 * @returns whether it ended well
 */
export async function runDaemon({ report, log }: DaemonChannels): Promise<boolean> {
  const order = readOrder();
  if (order === undefined) return false;
  Object.assign(process.env, order.environment);
  const gone = new AbortController();
  const input = process.stdin.resume();
  const cancel = (): void => gone.abort();
  input.once('close', cancel);
  process.title = `lvfs mount ${order.request.set.targets.join(' ')} ${order.request.mountpoint}`;
  try {
    const end = await runSession(order.request, {
      directory: order.directory,
      log,
      progress: sendOpening(report).progress,
      ready: (status, session) => {
        input.off('close', cancel);
        forgetEnvironment((name) => session.usesVariable(name));
        report({ type: 'ready', status });
        giveBackSoon();
        input.once('close', silenceInput).destroy();
      },
      hangup: 'ignore',
      signal: gone.signal,
    });
    return end.failure === undefined;
  } catch (error) {
    if (!(asFailure(error) instanceof LvfsError))
      log('error', error instanceof Error ? (error.stack ?? '') : String(error));
    report({ type: 'error', error: errorToMessage(error) });
    input.destroy();
    return false;
  }
}

/** Node leaves the descriptor of standard input open. */
function silenceInput(): void {
  closeSync(0);
  openSync('/dev/null', constants.O_RDONLY);
}

/** Waits for the order; undefined when the starting process has gone without one, or said something else. */
function readOrder(): StartupOrder | undefined {
  let text = '';
  const piece = Buffer.alloc(1 << 16);
  while (!text.endsWith('\n')) {
    const length = readSync(0, piece);
    if (length === 0) return undefined;
    text += piece.toString('latin1', 0, length);
  }
  return readStartupOrder(Buffer.from(text, 'latin1').toString());
}
