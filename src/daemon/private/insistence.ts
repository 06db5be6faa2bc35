/** Signals to a command in a view. */

/** How long a command may take to end after a signal that asks it to, before it is killed. */
const graceMs = 5_000;

/** Signals that ask for the end, which comes whatever the command makes of them. */
const ending: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGTERM']);

/**
 * Passes signals on to a command. One that asks for the end is obeyed: a command that goes on for five seconds is killed and, if it
 * then still goes on, so is everything around it.
 */
export class Insistence {
  readonly #send: (name: NodeJS.Signals) => void;
  readonly #killAll: () => unknown;
  #timer: NodeJS.Timeout | undefined;

  constructor(send: (name: NodeJS.Signals) => void, killAll: () => unknown) {
    this.#send = send;
    this.#killAll = killAll;
  }

  pass(name: NodeJS.Signals): void {
    this.#send(name);
    if (!ending.has(name)) return;
    this.#timer ??= setTimeout(() => {
      this.#send('SIGKILL');
      this.#timer = setTimeout(this.#killAll, graceMs);
    }, graceMs);
  }

  /** The command has ended. */
  over(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
