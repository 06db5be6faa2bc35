/**
 * Makes one system call of lvfs fail, for `node --import`, which holds for worker threads too: nothing of it is in lvfs.
 *
 *     TEST_FAULT=PROGRAM/THREAD/CALL/N/ERRNO   the N-th such call (from 1) that such a thread makes through src/system fails
 *     TEST_FAULT_FILE=FILE                     the same as a file, which is looked at before each call: `NUMBER PROGRAM/…`; a new number starts the count anew
 *     TEST_FAULT_HITS=FILE                     a line is added to a file when the call was made to fail
 *     TEST_FAULT_COUNT=FILE                    each thread adds lines to a file at its end: PROGRAM/THREAD/CALL and how often
 *
 * PROGRAM is the name of the file that runs, without `.js`; THREAD is `main` or `worker`; CALL a function of the C library; ERRNO a number.
 */
import { appendFileSync, readFileSync } from 'node:fs';
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
const { TEST_FAULT: fixed, TEST_FAULT_FILE: orderFile, TEST_FAULT_HITS: hitsFile } = process.env;
const countFile = process.env['TEST_FAULT_COUNT'];

/** What fails now, as it was ordered. */
let order = '';
let fault: { readonly name: string; readonly at: number; readonly code: number } | undefined;

function obey(text: string): void {
  order = text;
  const [program, thread, name = '', at, code] = (text.split(' ').at(-1) ?? '').split('/');
  fault =
    `${program}/${thread}` === who && name !== '' ? { name, at: Number(at), code: Number(code) } : undefined;
}

if (fixed !== undefined) obey(fixed);

if (fault !== undefined || orderFile !== undefined || countFile !== undefined) {
  const koffi = createRequire(import.meta.url)('koffi') as Koffi;
  const load = koffi.load.bind(koffi);
  const errno = koffi.errno.bind(koffi);
  const calls = new Map<string, number>();
  let injected: number | undefined;
  const lookForOrder = (file: string): void => {
    const text = readFileSync(file, 'latin1');
    if (text === order) return;
    obey(text);
    calls.clear();
  };
  const faulty =
    (called: string, call: Native): Native =>
    (...args) => {
      injected = undefined;
      if (orderFile !== undefined) lookForOrder(orderFile);
      const count = (calls.get(called) ?? 0) + 1;
      calls.set(called, count);
      if (called !== fault?.name || count !== fault.at) return call(...args);
      injected = fault.code;
      if (hitsFile !== undefined) appendFileSync(hitsFile, `${order}\n`);
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
