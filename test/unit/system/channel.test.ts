/** A descriptor read and written through memory that stays, by system calls and by Node: both do the same. */
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { errno, failure } from '../../../src/base/index.js';
import { openChannel, systemProblem } from '../../../src/system/index.js';
import { nodeChannel } from '../../../src/system/channel.js';

const missing = systemProblem();
const direct = missing === undefined ? test : test.skip;
const because = missing === undefined ? '' : ` (skipped: ${missing.message})`;

const same = test.macro((t: ExecutionContext, open: typeof openChannel) => {
  const directory = mkdtempSync(join(tmpdir(), 'lvfs-channel-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'file');
  const input = Buffer.alloc(6);
  const output = Buffer.from('content that is longer');

  const writing = openSync(path, 'w');
  const writer = open(writing, input, output);
  t.is(writer.write(9), 9);
  t.is(writer.read(), failure(errno.EBADF), 'not open for reading');
  closeSync(writing);

  const reading = openSync(path, 'r');
  const reader = open(reading, input, output);
  t.is(reader.read(), 6, 'no more than there is memory for');
  t.is(input.toString(), 'conten');
  t.is(reader.read(), 3);
  t.is(input.toString('latin1', 0, 3), 't t');
  t.is(reader.read(), 0, 'the end');
  t.is(reader.write(1), failure(errno.EBADF), 'not open for writing');
  closeSync(reading);
});

direct(`system calls${because}`, same, openChannel);
test('Node', same, nodeChannel);
