import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { kindAt, makeDirectories } from '../../../src/base/index.js';

const scratch = mkdtempSync(join(tmpdir(), 'lvfs-directories-'));
test.after.always(() => {
  rmSync(scratch, { recursive: true });
});

test('what is at a path, also where nobody can look', (t) => {
  writeFileSync(join(scratch, 'file'), '');
  symlinkSync('circle', join(scratch, 'circle'));
  symlinkSync('file', join(scratch, 'link'));
  t.is(kindAt(scratch), 'directory');
  t.is(kindAt(join(scratch, 'file')), 'other');
  t.is(kindAt(join(scratch, 'link')), 'other');
  for (const name of ['none', 'none/below', 'file/below', 'circle', 'circle/below', 'x'.repeat(300)])
    t.is(kindAt(join(scratch, name)), undefined, name);
});

test('directories are made with those above, with their mode', (t) => {
  const mask = process.umask(0o077);
  makeDirectories(join(scratch, 'a/b/c'), 0o755);
  process.umask(mask);
  t.is(statSync(join(scratch, 'a/b')).mode & 0o777, 0o755);
  mkdirSync(join(scratch, 'there'));
  t.notThrows(() => {
    makeDirectories(join(scratch, 'there'), 0o755);
  });
  writeFileSync(join(scratch, 'plain'), '');
  t.throws(
    () => {
      makeDirectories(join(scratch, 'plain/x'), 0o755);
    },
    { code: 'ENOTDIR' },
  );
});

(process.platform === 'linux' ? test : test.skip)('where no directory can be made, that is said', (t) => {
  t.throws(
    () => {
      makeDirectories('/proc/lvfs/none', 0o755);
    },
    { code: 'ENOENT' },
  );
});
