/**
 * The server's end of the control protocol: over a Unix socket in the session's directory, which only its user can reach, or over a
 * connection that is there already.
 */
import { chmodSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { safeParse } from 'valibot';
import { asFailure, describeError, errorCode, isRecord, LvfsError, type Logger } from '../../base/index.js';
import { peerProcess } from '../../system/index.js';
import {
  errorToMessage,
  messageLine,
  parseMessage,
  readLines,
  type Handlers,
  type Hello,
  type Methods,
  type RequestContext,
} from './protocol.js';

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

/** Bytes that a client may leave unread before more is sent to it; one answer may be any size. */
const mostUnread = 8 << 20;

/** A listening control socket. */
export interface ControlServer {
  /** Stops listening and hangs up on every client, after what was already sent has gone out. */
  close(): Promise<void>;
}

/** How {@link listen} treats clients. */
export interface ListenOptions {
  /** Clients at once; further ones are refused. */
  readonly maxClients?: number;
  /** Whether a process may ask for what changes the view; undefined: nobody knows which it is. Default: all may. */
  readonly mayChange?: (pid: number | undefined) => boolean;
  /** What has to be done before a request is answered. */
  readonly ready?: () => Promise<void>;
}

/** What one client is allowed, and waits for; see {@link ListenOptions}. */
interface ClientOptions {
  readonly mayChange?: boolean;
  readonly ready?: () => Promise<void>;
}

/** What is served on a connection. */
export interface Served<T extends Methods> {
  readonly hello: Hello;
  readonly methods: T;
  readonly handlers: Handlers<T>;
  readonly log: Logger;
}

/**
 * Listens on `path`, which must not exist yet.
 *
 * @param mayChange whether a process may ask for methods that change something; undefined: one that cannot be told
 * @throws LvfsError CONTROL_SOCKET when the path cannot be bound or is too long
 */
export async function listen<T extends Methods>(
  path: string,
  served: Served<T>,
  { maxClients = usualClients, mayChange = () => true, ready }: ListenOptions = {},
): Promise<ControlServer> {
  const clients = new Set<Socket>();
  const server = createServer((socket) => {
    if (clients.size >= maxClients) {
      socket.destroy();
      return;
    }
    clients.add(socket);
    socket.on('close', () => clients.delete(socket));
    serveClient(socket, served, {
      mayChange: mayChange(peerOf(socket)),
      ...(ready === undefined ? {} : { ready }),
    });
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
          hint: 'set LVFS_RUNTIME_DIR to a shorter path',
        }),
      );
      return;
    }
    server.once('error', (error) => {
      fail(new LvfsError('CONTROL_SOCKET', `cannot listen on ${path}`, { cause: error }));
    });
    server.listen(path, done);
  });
}

/** Serves one connection until it is closed. */
export function serveClient<T extends Methods>(
  socket: Socket,
  served: Served<T>,
  { mayChange = true, ready }: ClientOptions = {},
): void {
  const { hello, methods, log } = served;
  const gone = new AbortController();
  let pending = 0;
  const send = (message: Readonly<Record<string, unknown>>): void => {
    if (!socket.writable) return;
    // Whoever does not read what he asked for, or follows, costs no memory without end.
    if (socket.writableLength > mostUnread) socket.destroy();
    else socket.write(messageLine(message));
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
    const isKnown = isMethod(methods, method);
    if (!isKnown || pending >= maxPending) {
      const what = isKnown ? 'too many requests at once' : `unknown method '${method}'`;
      send({ id, error: errorToMessage(badRequest(what)) });
      return;
    }
    pending++;
    try {
      if (methods[method]?.changes === true && !mayChange) throw fromInside(method);
      await ready?.();
      const context = { emit: (event: unknown) => send({ id, event }), signal: gone.signal };
      const result = await handle(served, method, params, context);
      send({ id, result: result ?? null });
    } catch (error) {
      // Every failure is the client's to hear of; one that is a bug is logged with its place as well.
      if (!(asFailure(error) instanceof LvfsError))
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

function fromInside(method: string): LvfsError {
  return new LvfsError('INSIDE', `${method}: who is in the view cannot change it`);
}

/** The process that connected; undefined when that cannot be told. */
function peerOf(socket: Socket): number | undefined {
  // Node has no name for it.
  const handle: unknown = Reflect.get(socket, '_handle');
  const descriptor: unknown =
    typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined;
  return typeof descriptor === 'number' && descriptor >= 0 ? peerProcess(descriptor) : undefined;
}

function badRequest(message: string): LvfsError {
  return new LvfsError('BAD_REQUEST', message);
}

function isMethod<T extends Methods>(methods: T, name: string): name is keyof T & string {
  return Object.hasOwn(methods, name);
}

/** @throws LvfsError BAD_REQUEST for parameters that the method does not take, or what the handler throws */
function handle<T extends Methods, K extends keyof T & string>(
  { methods, handlers }: Served<T>,
  name: K,
  parameters: object,
  context: RequestContext<unknown>,
): unknown {
  const method: T[K] = methods[name];
  const checked = safeParse(method.parameters, parameters);
  if (checked.success) return handlers[name](checked.output, context);
  const [issue] = checked.issues;
  const key = String(issue.path?.[0]?.key);
  // What is missing fails the object, which has no message of its own.
  const what = issue.expected === `"${key}"` ? 'is missing' : `is not ${issue.message}`;
  throw badRequest(`${name}: ${key} ${what}`);
}

function parseRequest(line: string): { id: number | string; method: string; params: object } | undefined {
  const { id, method, params = {} } = parseMessage(line) ?? {};
  if ((typeof id !== 'number' && typeof id !== 'string') || typeof method !== 'string') return undefined;
  return isRecord(params) ? { id, method, params } : undefined;
}
