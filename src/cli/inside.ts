/** Running something in a private view from the command line: signals, progress, and exit statuses. */
import { constants } from 'node:os';
import {
  exitStatus,
  keysOf,
  LvfsError,
  processStat,
  type ExitStatus,
  type ProcessEnd,
} from '../base/index.js';
import { type Inside, type InsideRequest } from '../daemon/index.js';
import type { Output } from './output.js';
import { explained } from './errors.js';

/** Signals that are meant for the command. */
const passedOn = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;

/** Signals that the terminal sends to every process of the foreground group, so that the command has it already. */
const fromTerminal: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT']);

/** What may end work in a view before it is done. */
export type Interruption = Pick<Signals, 'cancelled' | 'passTo' | 'throwIfAny' | 'status'>;

/** What work in a view says on the way. */
export type Talk = Pick<Output, 'progress' | 'endProgress' | 'log' | 'colors'>;

/** Provides a private view for as long as something is done with it. */
export type Room = <T>(
  request: InsideRequest,
  output: Talk,
  signals: Interruption,
  use: (inside: Inside) => Promise<T>,
) => Promise<T>;

/** Catches signals while something runs in a view. */
export class Signals {
  /** Aborted by the first signal: what has not begun is not wanted any more. */
  readonly cancelled = new AbortController();
  readonly #received = new Set<NodeJS.Signals>();
  readonly #receivers = new Set<(name: NodeJS.Signals) => void>();

  constructor() {
    for (const name of passedOn) process.on(name, this.#take);
  }

  /** From now on signals also go to this command, those that came before as well, until the returned function is called. */
  passTo(receiver: (name: NodeJS.Signals) => void): () => void {
    for (const name of this.#received) receiver(name);
    this.#receivers.add(receiver);
    return () => this.#receivers.delete(receiver);
  }

  /** @throws LvfsError CANCELLED when there was one */
  throwIfAny(): void {
    if (this.#received.size > 0) throw new LvfsError('CANCELLED', 'interrupted');
  }

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
    this.cancelled.abort();
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

/** The exit status that a shell would give for how a command ended. */
export function statusOf({ code, signal }: ProcessEnd): number {
  return signal === null ? (code ?? exitStatus.runFailed) : 128 + constants.signals[signal];
}

/**
 * Mounts a private view, does something with it, and takes it away, whatever happens.
 *
 * @throws LvfsError what keeps the view from being mounted, or what `use` throws
 */
export async function withInside<T>(
  request: InsideRequest,
  output: Talk,
  signals: Interruption,
  use: (inside: Inside) => Promise<T>,
): Promise<T> {
  const inside = await open(request, output, signals);
  const release = signals.passTo((name) => inside.signal(name));
  try {
    // There was no command yet that it could have ended.
    signals.throwIfAny();
    return await use(inside);
  } finally {
    release();
    await inside.close();
  }
}

async function open(request: InsideRequest, output: Talk, signals: Interruption): Promise<Inside> {
  const [{ openInside }, { takeInside }] = await Promise.all([
    import('../daemon/index.js'),
    import('../library/index.js'),
  ]);
  const listener = { progress: (text: string) => output.progress(text), log: output.log };
  const inside = await openInside(await takeInside(), request, listener, signals.cancelled.signal);
  output.endProgress();
  return inside;
}

/**
 * Private views one after the other, that are one view for as long as it is asked for in the same way: it then becomes that of the next
 * targets. What went wrong in it is not used again.
 */
export class ReusedRoom {
  #inside: Inside | undefined;

  /** As {@link withInside}, but that the view may stay. */
  readonly use: Room = async (request, output, signals, use) => {
    const inside = await this.#take(request, output, signals);
    const release = signals.passTo((name) => inside.signal(name));
    let isGood = false;
    try {
      signals.throwIfAny();
      const result = await use(inside);
      isGood = signals.status === undefined;
      return result;
    } finally {
      release();
      if (!isGood) await this.close();
    }
  };

  /** Takes the view away. */
  async close(): Promise<void> {
    const inside = this.#inside;
    this.#inside = undefined;
    await inside?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #take(request: InsideRequest, output: Talk, signals: Interruption): Promise<Inside> {
    const inside = this.#inside;
    if (inside?.canBecome(request) === true) {
      const cancel = (): void => void this.close();
      signals.cancelled.signal.addEventListener('abort', cancel);
      try {
        await inside.become(request);
        return inside;
      } catch (error) {
        if (!(error instanceof LvfsError)) throw error;
        // Whatever it is, a new view says it as it is.
      } finally {
        signals.cancelled.signal.removeEventListener('abort', cancel);
      }
    }
    await this.close();
    return (this.#inside = await open(request, output, signals));
  }
}

/**
 * Gives failures of lvfs itself the status that `run` and `shell` keep for them, so that they cannot be taken for the
 * command's own.
 */
export function asRunFailure(thrown: unknown): unknown {
  const error = explained(thrown);
  if (!(error instanceof LvfsError) || error.exit === exitStatus.usage) return error;
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
