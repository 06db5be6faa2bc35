import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { exitStatus, LvfsError, silent } from '../../../../src/base/index.js';
import {
  ControlClient,
  listen,
  protocolVersion,
  type Handlers,
} from '../../../../src/daemon/control/control.js';

const hello = { lvfs: '1.2.3', protocol: protocolVersion, pid: 1, mountpoint: '/mnt' };

function socketPath(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'lvfs-control-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  return join(directory, 'control.sock');
}

async function connected(t: ExecutionContext, handlers: Handlers, log = silent): Promise<ControlClient> {
  const path = socketPath(t);
  const server = await listen(path, hello, handlers, log);
  const client = await ControlClient.connect(path);
  t.teardown(async () => {
    client.close();
    await server.close();
  });
  return client;
}

test('a request is answered with its result', async (t) => {
  const client = await connected(t, { echo: ({ text }) => ({ text }), nothing: () => undefined });
  t.is(client.hello.mountpoint, '/mnt');
  t.deepEqual(await client.request('echo', { text: 'é\n' }), { text: 'é\n' });
  t.is(await client.request('nothing'), null);
});

test('requests may overtake each other', async (t) => {
  let finish: ((value: string) => void) | undefined;
  const client = await connected(t, {
    slow: () => new Promise((done) => (finish = done)),
    quick: () => 'quick',
  });
  const slow = client.request('slow');
  t.is(await client.request('quick'), 'quick');
  finish?.('slow');
  t.is(await slow, 'slow');
});

test('events come before the result', async (t) => {
  const client = await connected(t, {
    count: (_, { emit }) => {
      for (let i = 0; i < 3; i++) emit(i);
      return 'done';
    },
  });
  const events: unknown[] = [];
  t.is(await client.request('count', {}, (event) => events.push(event)), 'done');
  t.deepEqual(events, [0, 1, 2]);
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
  const client = await connected(
    t,
    {
      bug: () => {
        throw new TypeError('x is not a function');
      },
    },
    (_, message) => messages.push(message),
  );
  const error = await t.throwsAsync(client.request('bug'), { instanceOf: LvfsError });
  t.is(error.code, 'INTERNAL');
  t.regex(messages.join(), /control: bug: TypeError: x is not a function\n.*control\.test/s);
});

test('a client that leaves aborts what it asked for', async (t) => {
  const aborted = new Promise<void>((done) => {
    void connected(t, {
      follow: (_, { signal }) =>
        new Promise<void>((finish) => {
          signal.addEventListener('abort', () => {
            done();
            finish();
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
  const server = await listen(path, hello, { hang: () => new Promise(() => undefined) }, silent);
  const client = await ControlClient.connect(path);
  const answer = client.request('hang');
  await server.close();
  const error = await t.throwsAsync(answer, { instanceOf: LvfsError });
  t.is(error.exit, exitStatus.noMount);
  await t.throwsAsync(client.request('hang'), { message: /the daemon has ended/ });
});

test('the socket is open to its user only', async (t) => {
  const path = socketPath(t);
  const server = await listen(path, hello, {}, silent);
  t.is(statSync(path).mode & 0o777, 0o600);
  await server.close();
});

test('a path too long for a socket is explained', async (t) => {
  const error = await t.throwsAsync(listen(`/tmp/${'x'.repeat(120)}/control.sock`, hello, {}, silent), {
    instanceOf: LvfsError,
  });
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
