/**
 * The process that a view will need, started before it is known what it is to show: two processes that start at the same time are ready
 * in half the time of two that start one after the other.
 */
import { errorCode, LvfsError } from '../base/index.js';
import {
  dismissDaemon,
  dismissInside,
  startDaemon,
  startInside,
  type StartedDaemon,
  type StartedInside,
} from '../daemon/index.js';
import { daemonProgram, insideProgram } from './programs.js';

let daemon: StartedDaemon | undefined;
let inside: StartedInside | undefined;

/** What may be started: the daemon of a mounted view, or the server of a private one. */
export type Ahead = 'daemon' | 'inside';

/** Starts it, if that is possible, for the next view that is made: whoever makes that is told why it is not. */
export async function startAhead(which: Ahead): Promise<void> {
  try {
    if (which === 'daemon') daemon = startDaemon(daemonProgram);
    else inside = await startInside(insideProgram);
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
  const taken = daemon ?? startDaemon(daemonProgram);
  daemon = undefined;
  return taken;
}

/**
 * The server of a private view that was started ahead, or a new one.
 *
 * @throws LvfsError as `startInside`
 */
export async function takeInside(): Promise<StartedInside> {
  const taken = inside;
  inside = undefined;
  return taken ?? startInside(insideProgram);
}

/** Ends what was started ahead and nobody has taken, nor will. */
export async function dismissAhead(): Promise<void> {
  if (daemon !== undefined) await dismissDaemon(daemon);
  if (inside !== undefined) await dismissInside(inside);
  daemon = inside = undefined;
}
