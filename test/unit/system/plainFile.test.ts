import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { PlainFile, systemProblem } from '../../../src/system/index.js';

const exact = systemProblem() === undefined ? test : test.skip;

exact('a regular file to which no link leads is open as long as it is used, and nothing else is', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'lvfs-plain-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  mkdirSync(join(directory, 'below'));
  writeFileSync(join(directory, 'below/file'), 'text');
  symlinkSync('below', join(directory, 'link'));
  symlinkSync('file', join(directory, 'below/link'));
  const open = (): number => readdirSync('/proc/self/fd').length;
  const before = open();
  {
    using file = new PlainFile(join(directory, 'below/file'));
    t.is(readFileSync(file.fd, 'utf8'), 'text');
  }
  for (const [path, code] of [
    ['below/link', 'ELOOP'],
    ['link/file', 'ENOTDIR'],
    ['below', 'EISDIR'],
    ['absent', 'ENOENT'],
  ] as const)
    t.throws(() => new PlainFile(join(directory, path)), { code }, path);
  t.throws(() => new PlainFile('/dev/null'), { code: 'EINVAL' });
  t.is(open(), before);
});
