/** Files that may turn out to be none. */
import { execFileSync } from 'node:child_process';
import { closeSync, fstatSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { readEnd, readNamed, readRegularFile } from '../../../src/base/regularFile.js';

function scratch(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'lvfs-files-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  return directory;
}

test('a regular file is read whole, and nothing else is', (t) => {
  const directory = scratch(t);
  const [file, fifo] = [join(directory, 'file'), join(directory, 'fifo')];
  writeFileSync(file, 'text');
  execFileSync('mkfifo', [fifo]);
  t.is(readRegularFile(file, 4).toString(), 'text');
  t.throws(() => readRegularFile(file, 3), { code: 'EFBIG' });
  t.throws(() => readRegularFile(fifo, 100), { code: 'EINVAL' });
  t.throws(() => readRegularFile(directory, 100), { code: 'EISDIR' });
  t.throws(() => readRegularFile(join(directory, 'none'), 100), { code: 'ENOENT' });
});

(process.platform === 'linux' ? test : test.skip)('a file that tells no size is read to its end', (t) => {
  t.regex(readRegularFile('/proc/self/status', 100).toString(), /^Name:.*\nUmask:/);
});

test('of a log the end is read', (t) => {
  const file = join(scratch(t), 'log');
  writeFileSync(file, 'first\nlast\n');
  t.is(readEnd(file, 5).toString(), 'last\n');
  t.is(readEnd(file, 1000).toString(), 'first\nlast\n');
  writeFileSync(file, '');
  t.is(readEnd(file, 5).length, 0);
});

test('what a user has named is read whatever it is, as far as it is not too long', (t) => {
  const file = join(scratch(t), 'file');
  writeFileSync(file, 'x'.repeat(3 << 20));
  t.is(readNamed(file, 3 << 20).length, 3 << 20);
  t.throws(() => readNamed(file, 1 << 20), { code: 'EFBIG' });
  const fd = openSync(file, 'r');
  t.is(readNamed(fd, 3 << 20).length, 3 << 20);
  t.true(fstatSync(fd).isFile(), 'whose descriptor it is closes it');
  closeSync(fd);
});
