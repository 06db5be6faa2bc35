import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { distrust, openSaved, replaceFile } from '../../../src/base/index.js';

function scratch(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'lvfs-saved-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

const text = [Buffer.from('saved')];

test('a file is saved in a directory of this user, made if need be', (t) => {
  const file = join(scratch(t), 'a/b/file');
  replaceFile(file, text);
  t.is(readFileSync(file, 'utf8'), 'saved');
});

test('nothing is saved where others can make names', (t) => {
  const directory = scratch(t);
  chmodSync(directory, 0o775);
  t.throws(() => replaceFile(join(directory, 'file'), text), { code: 'EPERM' });
  t.deepEqual(readdirSync(directory), []);
  // Nobody can take away what is this user's.
  chmodSync(directory, 0o1777);
  t.notThrows(() => replaceFile(join(directory, 'file'), text));
});

const isRoot = process.geteuid?.() === 0;
(isRoot ? test : test.skip)(
  `nothing is saved in a directory of another user${isRoot ? '' : ' (skipped: only root can make one)'}`,
  (t) => {
    const directory = scratch(t);
    const others = join(directory, 'others');
    mkdirSync(others);
    chownSync(others, 65534, 65534);
    t.throws(() => replaceFile(join(others, 'file'), text), { code: 'EPERM' });
    symlinkSync('others', join(directory, 'link'));
    t.throws(() => replaceFile(join(directory, 'link/file'), text), { code: 'EPERM' });
    t.deepEqual(readdirSync(others), []);
  },
);

test('what is no file is neither waited for nor believed, and no link is followed', (t) => {
  const directory = scratch(t);
  const fifo = join(directory, 'fifo');
  t.is(spawnSync('mkfifo', [fifo]).status, 0);
  using saved = openSaved(fifo);
  t.is(distrust(fstatSync(saved.fd)), 'it is not a regular file');
  symlinkSync('fifo', join(directory, 'link'));
  t.throws(() => openSaved(join(directory, 'link')), { code: 'ELOOP' });
});
