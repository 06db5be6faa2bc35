/** The client's end of the control protocol. */
import { createConnection } from 'node:net';
import type { Duplex } from 'node:stream';
import { LvfsError } from '../../base/index.js';
import type { ViewMethods } from './methods.js';
import {
  messageLine,
  messageToError,
  parseMessage,
  protocolVersion,
  readLines,
  type EventOf,
  type Hello,
  type Method,
  type Methods,
  type ParametersOf,
  type ResultOf,
} from './protocol.js';

/** How long a client waits for the greeting of a daemon. */
const helloDeadlineMs = 5_000;

/** A request whose result has not come yet. Results and events are what the other side, in the version that it named, says they are. */
interface Waiting {
  done(result: unknown): void;
  event(event: unknown): void;
  fail(error: LvfsError): void;
}

/** What follows the name of a method; parameters of which none is needed may be left out. */
type Arguments<M extends Method> =
  Record<string, never> extends ParametersOf<M>
    ? [parameters?: ParametersOf<M>, onEvent?: (event: EventOf<M>) => void]
    : [parameters: ParametersOf<M>, onEvent?: (event: EventOf<M>) => void];

/** A connection to a running view. */
export class ControlClient<T extends Methods = ViewMethods> {
  readonly hello: Hello;
  readonly #socket: Duplex;
  readonly #waiting = new Map<unknown, Waiting>();
  #next = 1;

  private constructor(socket: Duplex, hello: Hello) {
    this.#socket = socket;
    this.hello = hello;
  }

  /**
   * Connects and reads the greeting.
   *
   * @throws LvfsError NO_ANSWER (exit 24) when nobody listens, the daemon does not answer in time (default five seconds), or speaks
   *   another version
   */
  static connect<T extends Methods = ViewMethods>(
    path: string,
    deadlineMs = helloDeadlineMs,
  ): Promise<ControlClient<T>> {
    return ControlClient.attach(createConnection(path), deadlineMs);
  }

  /**
   * Speaks over a connection that is there already, and reads the greeting.
   *
   * @param deadlineMs how long to wait for it; undefined: until the other side hangs up
   * @throws LvfsError NO_ANSWER, as {@link connect}
   */
  static attach<T extends Methods = ViewMethods>(
    socket: Duplex,
    deadlineMs?: number,
  ): Promise<ControlClient<T>> {
    return new Promise((done, fail) => {
      let client: ControlClient<T> | undefined;
      const giveUp = (why: string, cause?: unknown): void => {
        socket.destroy();
        fail(noAnswer(why, cause));
      };
      // It tells of that once only.
      if (socket.destroyed) {
        giveUp('the daemon hung up');
        return;
      }
      const timer =
        deadlineMs === undefined
          ? undefined
          : setTimeout(() => giveUp('the daemon does not answer'), deadlineMs);
      socket.on('error', (error) => {
        clearTimeout(timer);
        if (client === undefined) giveUp('the daemon cannot be reached', error);
      });
      socket.on('close', () => {
        clearTimeout(timer);
        if (client === undefined) giveUp('the daemon hung up');
        else client.#closed();
      });
      readLines(socket, Number.MAX_SAFE_INTEGER, {
        tooLong: () => undefined,
        line: (line) => {
          const message = parseMessage(line) ?? {};
          if (client !== undefined) {
            client.#receive(message);
            return;
          }
          clearTimeout(timer);
          if (!isHello(message)) {
            giveUp(
              `the daemon speaks version ${message['protocol']} of the control protocol, not ${protocolVersion}`,
            );
            return;
          }
          client = new ControlClient<T>(socket, message);
          done(client);
        },
      });
    });
  }

  /**
   * Sends a request and waits for its result.
   *
   * @param rest the parameters, and who receives the events that come before the result
   * @throws LvfsError what the daemon answered; NO_ANSWER when it ended meanwhile
   */
  request<K extends keyof T & string>(method: K, ...rest: Arguments<T[K]>): Promise<ResultOf<T[K]>> {
    const [params = {}, event = () => undefined] = rest;
    const id = this.#next++;
    return new Promise((done, fail) => {
      if (this.#socket.destroyed) {
        fail(noAnswer('the daemon has ended'));
        return;
      }
      this.#waiting.set(id, { done, fail, event });
      this.#socket.write(messageLine({ id, method, params }));
    });
  }

  /** Hangs up. */
  close(): void {
    this.#socket.destroy();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #receive(message: Readonly<Record<string, unknown>>): void {
    const { id, event, error, result } = message;
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    if ('event' in message) {
      waiting.event(event);
      return;
    }
    this.#waiting.delete(id);
    if ('error' in message) waiting.fail(messageToError(error));
    else waiting.done(result);
  }

  #closed(): void {
    for (const waiting of this.#waiting.values())
      waiting.fail(noAnswer('the daemon ended before it answered'));
    this.#waiting.clear();
  }
}

function isHello(
  message: Readonly<Record<string, unknown>>,
): message is Readonly<Record<string, unknown>> & Hello {
  return message['protocol'] === protocolVersion;
}

function noAnswer(why: string, cause?: unknown): LvfsError {
  return new LvfsError('NO_ANSWER', why, { cause });
}
