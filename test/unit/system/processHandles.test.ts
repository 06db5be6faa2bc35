import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { release } from 'node:os';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { ProcessHandles } from '../../../src/system/index.js';

const handles = ProcessHandles.open();
const [major = 0, minor = 0] = release().split('.').map(Number);
const isTold = handles !== undefined && (major > 6 || (major === 6 && minor >= 15));
const told = isTold ? test : test.skip;
const skipped = isTold ? '' : ` (skipped: Linux ${release()} does not tell)`;

async function ending(script: string): Promise<number | null | undefined> {
  const found = handles!;
  const child = spawn('/bin/sh', ['-c', `read go; ${script}`], { stdio: ['pipe', 'ignore', 'ignore'] });
  const handle = found.of(child.pid ?? 0)!;
  const before = found.statusOf(handle);
  const ended = once(child, 'exit');
  child.stdin.end('go\n');
  await ended;
  const after = found.statusOf(handle);
  found.close(handle);
  return before === undefined ? after : Number.NaN;
}

told(`a status as a shell gives it, once the process has ended${skipped}`, async (t) => {
  t.is(await ending('exit 0'), 0);
  t.is(await ending('exit 7'), 7);
  t.is(await ending('kill -TERM $$'), 128 + 15);
});

told(`a thread stands for its process${skipped}`, async (t) => {
  const found = handles!;
  const code = `require('node:worker_threads').parentPort.postMessage(
    Number(require('node:fs').readlinkSync('/proc/thread-self').split('/')[2]));
    require('node:worker_threads').parentPort.once('message', () => undefined);`;
  const worker = new Worker(code, { eval: true });
  const [thread] = (await once(worker, 'message')) as [number];
  t.not(thread, process.pid);
  const handle = found.of(thread);
  t.not(handle, undefined);
  t.is(found.statusOf(handle!), undefined);
  found.close(handle!);
  await worker.terminate();
});

test('of nobody there is no handle', (t) => {
  t.is(handles?.of(0x3fff_fff0), undefined);
});
