/** Memos, locks, absence, programs and processes: what the whole of lvfs does in one way. */
import { execPath, pid } from 'node:process';
import test from 'ava';
import {
  giveLock,
  ifSeen,
  ifThere,
  isAbsent,
  Memo,
  parseProcessStat,
  processIds,
  processLink,
  processStat,
  runProgram,
  runSync,
  takeLock,
  unlessRefused,
} from '../../../src/base/index.js';

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

function throwing(error: Error) {
  return (): never => {
    throw error;
  };
}

test('a memo never holds more than its limit, and forgets for new keys only', (t) => {
  const memo = new Memo<number, string>(2);
  memo.set(1, 'a').set(2, 'b').set(2, 'c');
  t.deepEqual(
    [...memo],
    [
      [1, 'a'],
      [2, 'c'],
    ],
  );
  memo.set(3, 'd');
  t.deepEqual([...memo], [[3, 'd']]);
});

test('a lock is free, held, and free again', (t) => {
  const words = new Int32Array(new SharedArrayBuffer(8));
  takeLock(words, 1, 'testing');
  t.is(words[1], 1);
  giveLock(words, 1);
  t.deepEqual([...words], [0, 0]);
});

test('what is absent is told from what is forbidden, and both from faults', (t) => {
  t.true(isAbsent(systemError('ENOENT')));
  t.false(isAbsent(systemError('EACCES')));
  t.is(ifThere(throwing(systemError('ESRCH'))), undefined);
  t.throws(() => ifThere(throwing(systemError('EACCES'))), { message: 'EACCES' });
  t.is(ifSeen(throwing(systemError('EACCES'))), undefined);
  t.throws(() => ifSeen(throwing(systemError('EIO'))), { message: 'EIO' });
  t.is(unlessRefused(throwing(systemError('EIO')), 7), 7);
  t.throws(() => unlessRefused(throwing(new TypeError('bug')), 7), { message: 'bug' });
});

test('a program is run to its end', async (t) => {
  const script = 'console.log(process.cwd()); console.error(process.env.LC_ALL); process.exit(3)';
  const expected = { code: 3, signal: null, stdout: '/\n', stderr: 'C\n' };
  t.deepEqual(runSync(execPath, ['-e', script]), expected);
  t.deepEqual(await runProgram(execPath, ['-e', script]), expected);
});

test('a program that is not there is an error that does not throw', async (t) => {
  t.true(isAbsent(runSync('/nonexistent/program', []).error));
  const { code, error } = await runProgram('/nonexistent/program', []);
  t.is(code, null);
  t.true(isAbsent(error));
});

test('a program that takes too long is killed', (t) => {
  const { signal, error } = runSync(execPath, ['-e', 'setInterval(() => {}, 1000)'], { timeout: 50 });
  t.is(signal, 'SIGKILL');
  t.like(error, { code: 'ETIMEDOUT' });
});

test('the name of a process may hold anything', (t) => {
  t.like(parseProcessStat(`12 (a) R (b\n) S 1 2 3 4 5 ${'0 '.repeat(13)}777 8`), {
    comm: 'a) R (b\n',
    state: 'S',
    parent: 1,
    group: 2,
    session: 3,
    terminal: 4,
    foreground: 5,
    started: '777',
  });
  t.is(parseProcessStat('12 (cut'), undefined);
});

(processIds().length === 0 ? test.skip : test)(
  'this process is there, and one that cannot be is not',
  (t) => {
    t.true(processIds().includes(pid));
    t.is(processStat(pid)?.parent, process.ppid);
    t.is(processLink('self', 'exe'), processLink(pid, 'exe'));
    t.is(processStat(0x7fff_ffff), undefined);
    t.is(processLink(0x7fff_ffff, 'root'), undefined);
  },
);
