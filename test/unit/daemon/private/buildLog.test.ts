import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { readEnd } from '../../../../src/daemon/private/buildLog.js';
import { systemProblem } from '../../../../src/system/index.js';

const directory = mkdtempSync(join(tmpdir(), 'lvfs-log-'));
test.after.always(() => rmSync(directory, { recursive: true }));

async function endOf(name: string, data: string | Uint8Array, bytes = 1000): Promise<string> {
  const path = join(directory, name);
  writeFileSync(path, data);
  return Buffer.concat(await readEnd(path, bytes)).toString();
}

test('the end of a log is read, whatever its length', async (t) => {
  t.is(await endOf('short', 'one\ntwo\n'), 'one\ntwo\n');
  t.is(await endOf('long', `${'x'.repeat(5000)}the end`, 10), 'xxxthe end');
  t.is(await endOf('empty', ''), '');
});

test('a log that is still being compressed is read as far as it is there', async (t) => {
  const text = 'checking for yacc... no\n'.repeat(4000);
  const whole = gzipSync(text);
  t.is(await endOf('whole.gz', whole, text.length), text);
  const half = await endOf('half.gz', whole.subarray(0, whole.length / 2), text.length);
  t.true(half.length > 0 && text.startsWith(half));
});

test('a log that is not there is none', async (t) => {
  t.deepEqual(await readEnd('', 10), []);
  t.deepEqual(await readEnd(join(directory, 'absent'), 10), []);
});

test('what a build has put in the place of its log is not read, and not waited for', async (t) => {
  const place = (name: string): string => join(directory, name);
  writeFileSync(place('secret'), 'secret');
  symlinkSync('secret', place('link'));
  t.is(spawnSync('mkfifo', [place('fifo')]).status, 0);
  for (const name of ['link', 'fifo', '.']) t.deepEqual(await readEnd(place(name), 10), [], name);
  t.deepEqual(await readEnd('/dev/zero', 10), []);
  mkdirSync(place('own'));
  symlinkSync('.', place('own/temp'));
  writeFileSync(place('own/log'), 'secret');
  // Without system calls of our own only the last component can be held against that.
  if (systemProblem() === undefined) t.deepEqual(await readEnd(place('own/temp/log'), 10), []);
});
