/**
 * What the two processes of a private view say to each other: the control protocol, over a socket of which each holds an end, with
 * methods of their own beside those of every view.
 *
 *     lvfs run (P0) ── lvfs-inside (P1: serves the view) ── unshare (P2) ── process 1 (P3) ── the command
 *
 * P0 stays in the host's namespaces, and is the client; P1 is the supervisor. Each ends when the other does: whoever is left takes the
 * session off the record. P2 and P3 end with P1; see the namespace helper. When both P0 and P1 are killed at once, the record is cleared
 * away by the next lvfs command.
 */
import { constants } from 'node:os';
import { array, boolean, custom, number, object, optional, record, string } from 'valibot';
import { isRecord } from '../../base/index.js';
import { viewMethods } from '../control/methods.js';
import { carries, type Methods } from '../control/protocol.js';
import type { ProcessEnd } from '../../base/index.js';
import type { FoundProgram } from '../plan/findProgram.js';
import type { InsideRequest, SessionStatus } from '../request.js';
import type { OpeningMessage } from '../session/startup.js';

/** The descriptor that joins P0 and P1. */
export const insideDescriptor = 3;

/** The first of the descriptors that P0 has handed down for commands. */
export const firstHandedDown = 4;

/** What to run; the environment is the caller's. */
export interface RunCommand {
  readonly argv: readonly string[];
  /** Also keep the output for the report, until the next command runs. It then goes through a pipe, so the command sees no terminal. */
  readonly capture: boolean;
  /** With {@link capture}: whether the output is passed on as well, and the input given; default yes. */
  readonly show?: boolean;
  /** Variables that differ from the caller's. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Which of the descriptors that were handed down to P1 the command has, from 3 on, counted from 0. Without {@link capture}. */
  readonly descriptors?: readonly number[];
}

/** A place in the mount namespace of a process. */
export interface Place {
  readonly pid: number;
  /** The directory to make the root. */
  readonly root: string;
  /** Below that, absolute. */
  readonly cwd: string;
}

const text = string('a string');
const flag = boolean('true or false');
const texts = array(text, 'a list of strings');
const { status, why, denials, follow, report, packages, needs, graph, besides, allow, deny } = viewMethods;

function isSignal(value: unknown): value is NodeJS.Signals {
  return typeof value === 'string' && value in constants.signals;
}

/** The methods of a private view. */
export const privateMethods = {
  ...{ status, why, denials, follow, report, packages, needs, graph, besides, allow, deny },
  /** Mounts the view. */
  open: {
    parameters: object({ request: custom<InsideRequest>(isRecord, 'a request') }),
    event: carries<OpeningMessage>(),
    result: carries<SessionStatus>(),
  },
  /** Makes the view that of another request, for which it `canBecome`, as if it had just been opened. */
  become: {
    parameters: object({ request: custom<InsideRequest>(isRecord, 'a request') }),
    result: carries<SessionStatus>(),
  },
  /** Nothing runs in the view, until it becomes that of another request; see `Session.rest`. */
  rest: { parameters: object({}), result: carries<null>() },
  /** Runs a command to its end, after `open`; one at a time. */
  run: {
    parameters: object({
      argv: texts,
      capture: flag,
      show: optional(flag),
      environment: optional(record(text, text, 'variables')),
      descriptors: optional(array(number('a number'), 'a list of numbers')),
      cwd: text,
    }),
    result: carries<ProcessEnd>(),
  },
  /** Passes a signal on to the command that runs. */
  signal: {
    parameters: object({ name: custom<NodeJS.Signals>(isSignal, 'a signal') }),
    result: carries<null>(),
  },
  /** What the last command printed. */
  output: { parameters: object({}), result: carries<string>() },
  /** The first of these programs that the view shows; the last when it shows none. */
  choose: { parameters: object({ programs: texts }), result: carries<string>() },
  /** What becomes of a command that is run from a directory of the host; see `findProgram`. */
  find: { parameters: object({ name: text, cwd: text }), result: carries<FoundProgram>() },
  /** The end of a log that somebody else has written, from now on, instead of what the last command printed. */
  capture: { parameters: object({ file: text }), result: carries<null>() },
  /** Where others enter the view, and where a command starts in it that was started in a directory of the host. */
  place: { parameters: object({ cwd: text }), result: carries<Place>() },
  /** The host directory that a variable of Portage names. */
  directory: { parameters: object({ variable: text }), result: carries<string | null>() },
  /** Portage's FEATURES for what is built. */
  features: { parameters: object({}), result: carries<readonly string[]>() },
} satisfies Methods;

/** See {@link privateMethods}. */
export type PrivateMethods = typeof privateMethods;
