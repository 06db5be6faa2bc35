/** How work is ended before it is done. */
import { LvfsError } from '../../base/index.js';

/** What may end work in a view before it is done. */
export interface Interruption {
  /** Aborted: what has not begun is not wanted any more. */
  readonly signal: AbortSignal;
  /** From now on signals for the running command go to this receiver, those that came before as well, until what is returned is called. */
  passTo(receiver: (name: NodeJS.Signals) => void): () => void;
}

/** How a program ends what it has asked for. */
export interface Interruptible {
  /** Gives up; everything is taken away before it throws `CANCELLED`. A command that runs is sent SIGTERM. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Passes on other signals than that to the command that runs: is given who takes them, and gives what ends that.
   */
  readonly passTo?: Interruption['passTo'] | undefined;
}

/** The same with what is left out. */
export function interruptionOf({
  signal = new AbortController().signal,
  passTo,
}: Interruptible): Interruption {
  return { signal, passTo: passTo ?? ((receiver) => passTermination(signal, receiver)) };
}

function passTermination(signal: AbortSignal, receiver: (name: NodeJS.Signals) => void): () => void {
  const pass = (): void => receiver('SIGTERM');
  if (signal.aborted) pass();
  signal.addEventListener('abort', pass);
  return () => signal.removeEventListener('abort', pass);
}

/** @throws LvfsError CANCELLED when it is not wanted any more */
export function throwIfAborted({ signal }: Pick<Interruption, 'signal'>): void {
  if (signal.aborted) throw new LvfsError('CANCELLED', 'interrupted');
}
