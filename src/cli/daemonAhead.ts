/**
 * The daemon of `lvfs mount`, started before the command line is understood: two processes that start at the same time are
 * ready in half the time of two that start one after the other.
 */
import { errorCode, LvfsError } from '../base/index.js';
import { dismissDaemon, startDaemon, type StartedDaemon } from '../daemon/index.js';
import { daemonProgram } from './programs.js';

let ahead: StartedDaemon | undefined;

/** Starts the daemon, if that is possible: whoever needs it is told why it is not. */
export function startAhead(): void {
  try {
    ahead = startDaemon(daemonProgram);
  } catch (error) {
    if (!(error instanceof LvfsError) && errorCode(error) === undefined) throw error;
  }
}

/**
 * The daemon that was started ahead, or a new one.
 *
 * @throws LvfsError as `startDaemon`
 */
export function takeDaemon(): StartedDaemon {
  const taken = ahead ?? startDaemon(daemonProgram);
  ahead = undefined;
  return taken;
}

/** Ends the daemon when nobody has taken it, nor will. */
export async function dismissAhead(): Promise<void> {
  const unused = ahead;
  ahead = undefined;
  if (unused !== undefined) await dismissDaemon(unused);
}
