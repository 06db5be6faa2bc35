/**
 * Makes one system call of lvfs fail, for `node --import`, which holds for worker threads too: nothing of it is in lvfs.
 *
 *     TEST_FAULT=PROGRAM/THREAD/CALL/N/ERRNO   the N-th such call (from 1) that such a thread makes through src/system fails
 *     TEST_FAULT_COUNT=FILE                    each thread adds lines to a file at its end: PROGRAM/THREAD/CALL and how often
 *
 * PROGRAM is the name of the file that runs, without `.js`; THREAD is `main` or `worker`; CALL a function of the C library; ERRNO a number.
 */
import { appendFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { isMainThread } from 'node:worker_threads';

type Native = (...args: readonly unknown[]) => number;
type Declare = (name: string, ...type: readonly unknown[]) => Native;

/** What of koffi lvfs uses. */
interface Koffi {
  load(path: null): { func: Declare };
  errno(): number;
}

// What a daemon is not told through its environment (helpers/lvfs.ts).
for (const [name, value] of new URL(import.meta.url).searchParams) process.env[name] ??= value;

const who = `${basename(process.argv[1] ?? '', '.js')}/${isMainThread ? 'main' : 'worker'}`;
const [program, thread, name, at, code] = (process.env['TEST_FAULT'] ?? '').split('/');
const isMine = `${program}/${thread}` === who;
const countFile = process.env['TEST_FAULT_COUNT'];

if (isMine || countFile !== undefined) {
  const koffi = createRequire(import.meta.url)('koffi') as Koffi;
  const load = koffi.load.bind(koffi);
  const errno = koffi.errno.bind(koffi);
  const calls = new Map<string, number>();
  let injected: number | undefined;
  const faulty =
    (called: string, call: Native): Native =>
    (...args) => {
      injected = undefined;
      const count = (calls.get(called) ?? 0) + 1;
      calls.set(called, count);
      if (!isMine || called !== name || count !== Number(at)) return call(...args);
      injected = Number(code);
      return -1;
    };
  koffi.load = (path) => {
    const libc = load(path);
    return { func: (called, ...type) => faulty(called, libc.func(called, ...type)) };
  };
  koffi.errno = () => injected ?? errno();
  if (countFile !== undefined) {
    process.on('exit', () => {
      for (const [called, count] of calls) appendFileSync(countFile, `${who}/${called} ${count}\n`);
    });
  }
}
