import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { closeSync, readlinkSync, writeSync } from 'node:fs';
import test from 'ava';
import { SignedSocket, systemProblem, type SignedText } from '../../../src/system/index.js';
import { until } from '../../helpers/lvfs.js';

const problem = systemProblem();
const systemTest = problem === undefined ? test.serial : test.serial.skip;
const skipped = problem === undefined ? '' : ` (skipped: ${problem.message})`;

systemTest(`the kernel says who has written, although the descriptor is inherited${skipped}`, async (t) => {
  const got: SignedText[] = [];
  const socket = SignedSocket.open();
  if (socket === undefined) return void t.fail('there is no such socket');
  socket.listen(() => got.push(...socket.read()));
  const text = (): string => Buffer.concat(got.map(({ data }) => data)).toString();
  const child = spawn('sh', ['-c', 'printf one >&3; sh -c "printf two >&3; echo \\$\\$"; printf three >&3'], {
    stdio: ['ignore', 'pipe', 'inherit', socket.other],
  });
  socket.release();
  let printed = '';
  child.stdout?.on('data', (data: Buffer) => (printed += data.toString()));
  await once(child, 'close');
  await until('all has been heard', () => text() === 'onetwothree');
  socket.close();
  closeSync(socket.own);
  t.deepEqual(
    got.map(({ pid, data }) => [pid, data.toString()]),
    [
      [child.pid, 'one'],
      [Number(printed.trim()), 'two'],
      [child.pid, 'three'],
    ],
  );
});

systemTest(`it can be written to, and both ends can be closed${skipped}`, (t) => {
  const socket = SignedSocket.open();
  if (socket === undefined) return void t.fail('there is no such socket');
  t.is(writeSync(socket.own, 'answer'), 6);
  t.regex(readlinkSync(`/proc/self/fd/${socket.other}`), /^socket:/);
  socket.release();
  t.deepEqual(socket.read(), []);
  socket.close();
  closeSync(socket.own);
});
