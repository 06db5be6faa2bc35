/**
 * Makes a serving thread crash when the kernel asks it for a file named `crash-by-throwing` or `crash-by-exit`, or with
 * TEST_CRASH=start as soon as it has greeted the kernel, while the main thread still waits for its control socket. For
 * `node --import`, which holds for worker threads too. The thread dies in its read of the device, as it would of a lack of
 * memory: outside of everything that turns an error into an answer. With TEST_CRASH=bug the main thread of a process that serves a
 * view throws at SIGPWR; with TEST_CRASH=stuck it then asks its own view for a file named `stuck`, which is never answered, and is killed; with TEST_CRASH=asks-itself
 * its main thread waits for a file named `never`, which is not answered either.
 */
import { accessSync, open, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Server } from 'node:net';
import { isMainThread } from 'node:worker_threads';

// What a daemon is not told through its environment (helpers/lvfs.ts).
for (const [name, value] of new URL(import.meta.url).searchParams) process.env[name] ??= value;

/** FUSE_INIT of linux/fuse.h. */
const init = 26;

const atStart = process.env['TEST_CRASH'] === 'start';

/** Longer than a thread takes to end. */
const listenDelayMs = 1000;

if (isMainThread && process.env['TEST_CRASH'] === 'bug') {
  process.on('SIGPWR', () => {
    throw new Error('as the test wants it');
  });
}

const asksItself = process.env['TEST_CRASH'] === 'asks-itself';

if (isMainThread && (process.env['TEST_CRASH'] === 'stuck' || asksItself)) {
  process.on('SIGPWR', () => {
    const own = readFileSync('/proc/self/mountinfo', 'latin1')
      .split('\n')
      .map((line) => line.split(' ')[4] ?? '')
      .find((mountpoint) => mountpoint.includes(`/${process.pid}.`) || mountpoint.endsWith('/mnt'));
    if (asksItself) accessSync(`${own}/never`);
    else open(`${own}/stuck`, () => undefined);
  });
}

if (isMainThread && atStart) {
  const listen = Reflect.get(Server.prototype, 'listen') as (...rest: unknown[]) => Server;
  const late = function (this: Server, ...rest: unknown[]): Server {
    setTimeout(() => Reflect.apply(listen, this, rest), listenDelayMs);
    return this;
  };
  Reflect.set(Server.prototype, 'listen', late);
}

type Native = (...args: readonly (number | Uint8Array)[]) => number;
type Declare = (name: string, ...type: readonly unknown[]) => Native;

/** What of koffi the server reads the device with. */
interface Koffi {
  load(path: null): { func: Declare };
  view(address: bigint, length: number): ArrayBuffer;
}

if (!isMainThread) {
  const koffi = createRequire(import.meta.url)('koffi') as Koffi;
  const load = koffi.load.bind(koffi);
  let hasGreeted = false;
  const hooked =
    (read: Native): Native =>
    (...args) => {
      if (hasGreeted && atStart) throw new Error('as the test wants it');
      const length = read(...args);
      if (length <= 0) return length;
      const request = Buffer.from(koffi.view(BigInt(Number(args[1])), length));
      if (request.includes('crash-by-throwing\0')) throw new Error('as the test wants it');
      if (request.includes('crash-by-exit\0')) process.exit(77);
      if (asksItself && request.includes('never\0'))
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      if (request.includes('stuck\0')) process.kill(process.pid, 'SIGKILL');
      hasGreeted ||= length >= 8 && request.readUInt32LE(4) === init;
      return length;
    };
  koffi.load = (path) => {
    const libc = load(path);
    const func: Declare = (name, ...type) => {
      const made = libc.func(name, ...type);
      return name === 'read' ? hooked(made) : made;
    };
    return { func };
  };
}
