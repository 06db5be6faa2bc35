/** Running something in a view from the command line: signals and exit statuses. */
import { constants } from 'node:os';
import { exitStatus, keysOf, LvfsError, processStat, type ExitStatus } from '../base/index.js';
import type { Interruption } from '../library/index.js';
import { explained } from './errors.js';

/** Signals that are meant for the command. */
const passedOn = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;

/** Signals that the terminal sends to every process of the foreground group, so that the command has it already. */
const fromTerminal: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT']);

/** Catches signals while something runs in a view. */
export class Signals implements Interruption {
  readonly #cancelled = new AbortController();
  /** Aborted by the first signal: what has not begun is not wanted any more. */
  readonly signal = this.#cancelled.signal;
  readonly #received = new Set<NodeJS.Signals>();
  readonly #receivers = new Set<(name: NodeJS.Signals) => void>();

  constructor() {
    for (const name of passedOn) process.on(name, this.#take);
  }

  /** From now on signals also go to this command, those that came before as well, until the returned function is called. */
  readonly passTo = (receiver: (name: NodeJS.Signals) => void): (() => void) => {
    for (const name of this.#received) receiver(name);
    this.#receivers.add(receiver);
    return () => this.#receivers.delete(receiver);
  };

  /** Stops catching. */
  release(): void {
    for (const name of passedOn) process.off(name, this.#take);
  }

  [Symbol.dispose](): void {
    this.release();
  }

  /** Ends this process by the signal that ended the command, if both had it; otherwise returns. */
  dieLike(status: number): void {
    const name = signalName(status - 128);
    if (name !== undefined && this.#received.has(name)) process.kill(process.pid, name);
  }

  /** The exit status of a process that the first signal received would have ended; undefined when none was. */
  get status(): number | undefined {
    const [first] = this.#received;
    return first === undefined ? undefined : 128 + constants.signals[first];
  }

  readonly #take = (name: NodeJS.Signals): void => {
    this.#received.add(name);
    this.#cancelled.abort();
    if (fromTerminal.has(name) && isInForeground()) return;
    for (const receiver of this.#receivers) receiver(name);
  };
}

function signalName(number: number): NodeJS.Signals | undefined {
  return keysOf(constants.signals).find((name) => constants.signals[name] === number);
}

/** Whether this process belongs to the foreground group of its terminal; fields 5, 7 and 8 of proc_pid_stat(5). */
function isInForeground(): boolean {
  const stat = processStat('self');
  return stat !== undefined && stat.terminal !== 0 && stat.group === stat.foreground;
}

/** What is said of the command line: that it is wrong, or names no command that can be run. */
const kept: ReadonlySet<ExitStatus> = new Set([
  exitStatus.usage,
  exitStatus.notExecutable,
  exitStatus.commandNotFound,
]);

/**
 * Gives failures of lvfs itself the status that `run` and `shell` keep for them, so that they cannot be taken for the
 * command's own.
 */
export function asRunFailure(thrown: unknown): unknown {
  const error = explained(thrown);
  if (!(error instanceof LvfsError) || kept.has(error.exit)) return error;
  return new LvfsError(error.code, error.message, {
    exit: exitStatus.runFailed,
    details: error.details,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.cause === undefined ? {} : { cause: error.cause }),
  });
}

/**
 * The end of a verb that ran one command: its status, and death by the signal that ended both.
 */
export function endLike(status: number, signals: Signals): ExitStatus {
  signals.release();
  signals.dieLike(status);
  return status as ExitStatus;
}
