/**
 * The control socket of a running view: JSON lines over a Unix socket in the session's directory, which only its user can
 * reach. docs/control-protocol.md describes it for other programs; this file is both its server and its client.
 */
import { chmodSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import {
  describeError,
  errorCode,
  exitStatus,
  LvfsError,
  type ExitStatus,
  type Logger,
} from '../../base/index.js';

/** Raised when a client of the old version could misunderstand the new one. */
export const protocolVersion = 1;

/**
 * The longest request, in bytes: an `allow` of some hundred paths of PATH_MAX. Whoever sends more is cut off, so that a
 * mistaken client costs no memory.
 */
const longestRequest = 1 << 20;

/** The longest path of a socket in bytes; see unix(7). */
const longestPath = 107;

/** Clients at once, unless something else is said; further ones are refused. */
const usualClients = 64;

/** Requests that one client may have under way. */
const maxPending = 16;

/** The first line that the server sends. */
export interface Hello {
  readonly lvfs: string;
  readonly protocol: number;
  readonly pid: number;
  readonly mountpoint: string;
}

/** What a handler is given besides its parameters. */
export interface RequestContext {
  /** Sends an event that belongs to this request, before its result. */
  readonly emit: (event: unknown) => void;
  /** Aborted when the client went away. */
  readonly signal: AbortSignal;
}

/** Parameters of a request: any JSON object. */
export type Parameters = Readonly<Record<string, unknown>>;

/** Answers one method with a value that JSON can carry; an LvfsError reaches the client as it is. */
export type Handler = (parameters: Parameters, context: RequestContext) => unknown;

/** Methods by name. */
export type Handlers = Readonly<Record<string, Handler>>;

interface ErrorMessage {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly exit: number;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** An error as it travels: the same object goes through the socket and through the pipe of a starting daemon. */
export function errorToMessage(error: unknown): ErrorMessage {
  if (error instanceof LvfsError) {
    return {
      code: error.code,
      message: describeError(error),
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      exit: error.exit,
      details: error.details,
    };
  }
  return { code: 'INTERNAL', message: `internal error: ${describeError(error)}`, exit: exitStatus.failure };
}

/** The error that {@link errorToMessage} described. */
export function messageToError(message: ErrorMessage): LvfsError {
  return new LvfsError(message.code, message.message, {
    exit: message.exit as ExitStatus,
    ...(message.hint === undefined ? {} : { hint: message.hint }),
    ...(message.details === undefined ? {} : { details: message.details }),
  });
}

/** A listening control socket. */
export interface ControlServer {
  /** Stops listening and hangs up on every client, after what was already sent has gone out. */
  close(): Promise<void>;
}

/**
 * Listens on `path`, which must not exist yet.
 *
 * @throws LvfsError CONTROL_SOCKET when the path cannot be bound or is too long
 */
export async function listen(
  path: string,
  hello: Hello,
  handlers: Handlers,
  log: Logger,
  maxClients = usualClients,
): Promise<ControlServer> {
  const clients = new Set<Socket>();
  const server = createServer((socket) => {
    if (clients.size >= maxClients) {
      socket.destroy();
      return;
    }
    clients.add(socket);
    socket.on('close', () => clients.delete(socket));
    serveClient(socket, hello, handlers, log);
  });
  await bind(server, path);
  chmodSync(path, 0o600);
  return {
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        for (const socket of clients) socket.destroySoon();
      }),
  };
}

function bind(server: Server, path: string): Promise<void> {
  return new Promise((done, fail) => {
    if (Buffer.byteLength(path) > longestPath) {
      // Node would cut it and listen elsewhere.
      fail(
        new LvfsError('CONTROL_SOCKET', `${path}: is too long for a socket`, {
          exit: exitStatus.cannotMount,
          hint: 'set LVFS_RUNTIME_DIR to a shorter path',
        }),
      );
      return;
    }
    server.once('error', (error) => {
      fail(
        new LvfsError('CONTROL_SOCKET', `cannot listen on ${path}`, {
          exit: exitStatus.cannotMount,
          cause: error,
        }),
      );
    });
    server.listen(path, done);
  });
}

/** Serves one connection until it is closed. */
export function serveClient(socket: Socket, hello: Hello, handlers: Handlers, log: Logger): void {
  const gone = new AbortController();
  let pending = 0;
  const send = (message: Readonly<Record<string, unknown>>): void => {
    if (!socket.destroyed) socket.write(`${JSON.stringify(message)}\n`);
  };
  socket.on('error', (error) => {
    // The client left while something was being sent to it.
    const code = errorCode(error);
    if (code !== 'EPIPE' && code !== 'ECONNRESET') log('warn', `control: ${describeError(error)}`);
  });
  socket.on('close', () => gone.abort());
  send({ ...hello });

  const answer = async (line: string): Promise<void> => {
    const request = parseRequest(line);
    if (request === undefined) {
      send({
        id: null,
        error: errorToMessage(badRequest('a request is not {"id":…,"method":"…","params":{…}}')),
      });
      return;
    }
    const { id, method, params } = request;
    const handler = Object.hasOwn(handlers, method) ? handlers[method] : undefined;
    if (handler === undefined || pending >= maxPending) {
      const what = handler === undefined ? `unknown method '${method}'` : 'too many requests at once';
      send({ id, error: errorToMessage(badRequest(what)) });
      return;
    }
    pending++;
    try {
      const result = await handler(params, { emit: (event) => send({ id, event }), signal: gone.signal });
      send({ id, result: result ?? null });
    } catch (error) {
      // Every failure is the client's to hear of; one that is a bug is logged with its place as well.
      if (!(error instanceof LvfsError))
        log('error', `control: ${method}: ${error instanceof Error ? error.stack : error}`);
      send({ id, error: errorToMessage(error) });
    } finally {
      pending--;
    }
  };

  readLines(socket, longestRequest, {
    line: (line) => void answer(line),
    tooLong: () => {
      send({
        id: null,
        error: errorToMessage(badRequest(`a request is longer than ${longestRequest} bytes`)),
      });
      socket.destroySoon();
    },
  });
}

function badRequest(message: string): LvfsError {
  return new LvfsError('BAD_REQUEST', message, { exit: exitStatus.usage });
}

function parseRequest(line: string): { id: number | string; method: string; params: Parameters } | undefined {
  const value = parseJson(line) as Partial<Record<'id' | 'method' | 'params', unknown>> | null | undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  const { id, method, params = {} } = value;
  if ((typeof id !== 'number' && typeof id !== 'string') || typeof method !== 'string') return undefined;
  if (typeof params !== 'object' || params === null || Array.isArray(params)) return undefined;
  return { id, method, params: params as Parameters };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Divides a stream into lines without gathering more than `longest` bytes of one. */
function readLines(
  socket: Socket,
  longest: number,
  on: { line: (line: string) => void; tooLong: () => void },
): void {
  let chunks: Buffer[] = [];
  let size = 0;
  let closed = false;
  socket.on('data', (data: Buffer) => {
    let start = 0;
    while (!closed) {
      const end = data.indexOf(0x0a, start);
      const piece = data.subarray(start, end === -1 ? data.length : end);
      size += piece.length;
      if (size > longest) {
        closed = true;
        on.tooLong();
        return;
      }
      chunks.push(piece);
      if (end === -1) return;
      const line = Buffer.concat(chunks).toString('utf8');
      chunks = [];
      size = 0;
      start = end + 1;
      if (line.trim() !== '') on.line(line);
    }
  });
}

/** How long a client waits for the greeting of a daemon. */
const helloDeadlineMs = 5_000;

/** A connection to a running view. */
export class ControlClient {
  readonly hello: Hello;
  readonly #socket: Socket;
  readonly #waiting = new Map<
    number,
    { done: (result: unknown) => void; fail: (error: LvfsError) => void; event: (event: unknown) => void }
  >();
  #next = 1;

  private constructor(socket: Socket, hello: Hello) {
    this.#socket = socket;
    this.hello = hello;
  }

  /**
   * Connects and reads the greeting.
   *
   * @throws LvfsError NO_ANSWER (exit 24) when nobody listens, the daemon does not answer in time (default five seconds), or speaks
   *   another version
   */
  static connect(path: string, deadlineMs = helloDeadlineMs): Promise<ControlClient> {
    return ControlClient.attach(createConnection(path), deadlineMs);
  }

  /**
   * Speaks over a connection that is there already, and reads the greeting.
   *
   * @param deadlineMs how long to wait for it; undefined: until the other side hangs up
   * @throws LvfsError NO_ANSWER, as {@link connect}
   */
  static attach(socket: Socket, deadlineMs?: number): Promise<ControlClient> {
    return new Promise((done, fail) => {
      let client: ControlClient | undefined;
      const giveUp = (why: string, cause?: unknown): void => {
        socket.destroy();
        fail(noAnswer(why, cause));
      };
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
          const message = parseJson(line);
          if (client !== undefined) {
            client.#receive(message as Record<string, unknown>);
            return;
          }
          clearTimeout(timer);
          const hello = message as Partial<Hello> | null;
          if (hello?.protocol !== protocolVersion) {
            giveUp(
              `the daemon speaks version ${hello?.protocol} of the control protocol, not ${protocolVersion}`,
            );
            return;
          }
          client = new ControlClient(socket, hello as Hello);
          done(client);
        },
      });
    });
  }

  /**
   * Sends a request and waits for its result.
   *
   * @param onEvent receives the events that come before it
   * @throws LvfsError what the daemon answered; NO_ANSWER when it ended meanwhile
   */
  request(
    method: string,
    params: Parameters = {},
    onEvent: (event: unknown) => void = () => undefined,
  ): Promise<unknown> {
    const id = this.#next++;
    return new Promise((done, fail) => {
      if (this.#socket.destroyed) {
        fail(noAnswer('the daemon has ended'));
        return;
      }
      this.#waiting.set(id, { done, fail, event: onEvent });
      this.#socket.write(`${JSON.stringify({ id, method, params })}\n`);
    });
  }

  /** Hangs up. */
  close(): void {
    this.#socket.destroy();
  }

  #receive(message: Record<string, unknown>): void {
    const waiting = this.#waiting.get(message['id'] as number);
    if (waiting === undefined) return;
    if ('event' in message) {
      waiting.event(message['event']);
      return;
    }
    this.#waiting.delete(message['id'] as number);
    if ('error' in message) waiting.fail(messageToError(message['error'] as ErrorMessage));
    else waiting.done(message['result']);
  }

  #closed(): void {
    for (const { fail } of this.#waiting.values()) fail(noAnswer('the daemon ended before it answered'));
    this.#waiting.clear();
  }
}

function noAnswer(why: string, cause?: unknown): LvfsError {
  return new LvfsError('NO_ANSWER', why, {
    exit: exitStatus.noMount,
    ...(cause === undefined ? {} : { cause }),
  });
}
