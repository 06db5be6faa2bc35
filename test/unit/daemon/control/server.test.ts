import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import test, { type ExecutionContext } from 'ava';
import { exitStatus, LvfsError, silent } from '../../../../src/base/index.js';
import { array, number, object, optional, string } from 'valibot';
import { ControlClient } from '../../../../src/daemon/control/client.js';
import { carries, protocolVersion, type Handlers } from '../../../../src/daemon/control/protocol.js';
import { listen } from '../../../../src/daemon/control/server.js';

const hello = { lvfs: '1.2.3', protocol: protocolVersion, pid: 1, mountpoint: '/mnt' };

const none = object({});
const methods = {
  echo: { parameters: object({ text: string('a string') }), result: carries<{ text: string }>() },
  sum: {
    parameters: object({ terms: array(number('numbers'), 'numbers'), start: optional(number('a number')) }),
    result: carries<number>(),
  },
  nothing: { parameters: none, result: carries<null>() },
  slow: { parameters: none, result: carries<string>() },
  count: { parameters: none, event: carries<number>(), result: carries<string>() },
  fail: { parameters: none, result: carries<null>() },
  follow: { parameters: none, result: carries<null>() },
};
type TestMethods = typeof methods;

const handlers: Handlers<TestMethods> = {
  echo: ({ text }) => ({ text }),
  sum: ({ terms, start = 0 }) => terms.reduce((sum, term) => sum + term, start),
  nothing: () => undefined,
  slow: () => new Promise(() => undefined),
  count: (_, { emit }) => {
    for (let i = 0; i < 3; i++) emit(i);
    return 'done';
  },
  fail: () => {
    throw new TypeError('x is not a function');
  },
  follow: () => null,
};

function socketPath(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'lvfs-control-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  return join(directory, 'control.sock');
}

async function connected(
  t: ExecutionContext,
  own: Partial<Handlers<TestMethods>> = {},
  log = silent,
): Promise<ControlClient<TestMethods>> {
  const path = socketPath(t);
  const server = await listen(path, { hello, methods, handlers: { ...handlers, ...own }, log });
  const client = await ControlClient.connect<TestMethods>(path);
  t.teardown(async () => {
    client.close();
    await server.close();
  });
  return client;
}

test('who hung up before anybody listened is not waited for', async (t) => {
  const socket = new PassThrough().destroy();
  await once(socket, 'close');
  await t.throwsAsync(ControlClient.attach(socket), { code: 'NO_ANSWER' });
});

test('a request is answered with its result', async (t) => {
  const client = await connected(t);
  t.is(client.hello.mountpoint, '/mnt');
  t.deepEqual(await client.request('echo', { text: 'é\n' }), { text: 'é\n' });
  t.is(await client.request('nothing'), null);
});

test('requests may overtake each other', async (t) => {
  let finish: ((value: string) => void) | undefined;
  const client = await connected(t, { slow: () => new Promise((done) => (finish = done)) });
  const slow = client.request('slow');
  t.is(await client.request('sum', { terms: [1, 2] }), 3);
  finish?.('slow');
  t.is(await slow, 'slow');
});

test('events come before the result', async (t) => {
  const client = await connected(t);
  const events: number[] = [];
  t.is(await client.request('count', {}, (event) => events.push(event)), 'done');
  t.deepEqual(events, [0, 1, 2]);
});

test('parameters are checked, and those that nobody knows are left alone', async (t) => {
  const path = socketPath(t);
  const server = await listen(path, { hello, methods, handlers, log: silent });
  const socket = createConnection(path);
  t.teardown(async () => {
    socket.destroy();
    await server.close();
  });
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const answer = async (method: string, params: unknown): Promise<unknown> => {
    socket.write(`${JSON.stringify({ id: method, method, params })}\n`);
    const { result, error } = JSON.parse((await lines.next()).value as string) as {
      result?: unknown;
      error?: { code: string; message: string; exit: number };
    };
    return error === undefined ? result : `${error.code} ${error.exit}: ${error.message}`;
  };
  await lines.next();
  t.is(await answer('sum', { terms: [1, 2], later: true }), 3);
  t.is(await answer('sum', {}), 'BAD_REQUEST 2: sum: terms is missing');
  t.is(await answer('sum', { terms: 3 }), 'BAD_REQUEST 2: sum: terms is not numbers');
  t.is(await answer('sum', { terms: [1, '2'] }), 'BAD_REQUEST 2: sum: terms is not numbers');
  t.is(await answer('sum', { terms: [], start: '1' }), 'BAD_REQUEST 2: sum: start is not a number');
  t.is(await answer('sum', []), 'BAD_REQUEST 2: a request is not {"id":…,"method":"…","params":{…}}');
  t.is(await answer('toString', {}), "BAD_REQUEST 2: unknown method 'toString'");
});

test('an error arrives with code, hint, exit status and details', async (t) => {
  const client = await connected(t, {
    fail: () => {
      throw new LvfsError('MOUNT_BUSY', 'in use', {
        exit: exitStatus.cannotMount,
        hint: 'wait',
        details: { pids: [1] },
        cause: new Error('why'),
      });
    },
  });
  const error = await t.throwsAsync(client.request('fail'), { instanceOf: LvfsError });
  t.is(error.code, 'MOUNT_BUSY');
  t.is(error.message, 'in use: why');
  t.is(error.hint, 'wait');
  t.is(error.exit, exitStatus.cannotMount);
  t.deepEqual(error.details, { pids: [1] });
});

test('a bug in a handler is logged with its place and told as an internal error', async (t) => {
  const messages: string[] = [];
  const client = await connected(t, {}, (_, message) => messages.push(message));
  const error = await t.throwsAsync(client.request('fail'), { instanceOf: LvfsError });
  t.is(error.code, 'INTERNAL');
  t.regex(messages.join(), /control: fail: TypeError: x is not a function\n.*server\.test/s);
});

test('a client that leaves aborts what it asked for', async (t) => {
  const aborted = new Promise<void>((done) => {
    void connected(t, {
      follow: (_, { signal }) =>
        new Promise((finish) => {
          signal.addEventListener('abort', () => {
            done();
            finish(null);
          });
          started();
        }),
    }).then(async (client) => {
      const answer = client.request('follow');
      await begun;
      client.close();
      await t.throwsAsync(answer, { message: /ended before it answered/ });
    });
  });
  await t.notThrowsAsync(aborted);
});
let started: () => void = () => undefined;
const begun = new Promise<void>((done) => (started = done));

test('a server that ends fails the requests that wait', async (t) => {
  const path = socketPath(t);
  const server = await listen(path, { hello, methods, handlers, log: silent });
  const client = await ControlClient.connect<TestMethods>(path);
  const answer = client.request('slow');
  await server.close();
  const error = await t.throwsAsync(answer, { instanceOf: LvfsError });
  t.is(error.exit, exitStatus.noMount);
  await t.throwsAsync(client.request('slow'), { message: /the daemon has ended/ });
});

test('the socket is open to its user only', async (t) => {
  const path = socketPath(t);
  const server = await listen(path, { hello, methods, handlers, log: silent });
  t.is(statSync(path).mode & 0o777, 0o600);
  await server.close();
});

test('a path too long for a socket is explained', async (t) => {
  const error = await t.throwsAsync(
    listen(`/tmp/${'x'.repeat(120)}/control.sock`, { hello, methods, handlers, log: silent }),
    {
      instanceOf: LvfsError,
    },
  );
  t.is(error.code, 'CONTROL_SOCKET');
});

test('a socket on which nobody listens, or another version, is explained', async (t) => {
  const path = socketPath(t);
  await t.throwsAsync(ControlClient.connect(path), { message: 'the daemon cannot be reached' });
  const other = createServer((socket) => socket.end('{"protocol":99}\n'));
  await new Promise<void>((done) => other.listen(path, done));
  await t.throwsAsync(ControlClient.connect(path), { message: /version 99 of the control protocol, not 1$/ });
  other.close();
});

test('a client that reads nothing is hung up on, and costs no memory without end', async (t) => {
  const path = socketPath(t);
  let isHungUp: (() => void) | undefined;
  const hungUp = new Promise<void>((done) => (isHungUp = done));
  const server = await listen(path, {
    hello,
    methods,
    handlers: {
      ...handlers,
      follow: (_, { emit, signal }) => {
        signal.addEventListener('abort', () => isHungUp?.());
        for (let i = 0; i < 64; i++) (emit as (event: unknown) => void)('x'.repeat(1 << 20));
        return hungUp.then(() => null);
      },
    },
    log: silent,
  });
  const socket = createConnection(path);
  t.teardown(() => server.close());
  socket.write('{"id":1,"method":"follow"}\n');
  await hungUp;
  let read = 0;
  for await (const data of socket) read += (data as Buffer).length;
  t.true(read < 16 << 20, `${read} bytes were sent`);
});
