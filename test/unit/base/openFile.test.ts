import { fstatSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { OpenFile } from '../../../src/base/index.js';

test('a file is open until the block ends, however that ends', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'lvfs-test-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'file');
  writeFileSync(path, 'text');
  let fd = -1;
  t.throws(
    () => {
      using file = new OpenFile(path, 'r');
      fd = file.fd;
      t.is(fstatSync(fd).size, 4);
      throw new RangeError('in between');
    },
    { instanceOf: RangeError, message: 'in between' },
  );
  t.throws(() => fstatSync(fd), { code: 'EBADF' });
  t.throws(() => new OpenFile(`${path}.not`, 'r'), { code: 'ENOENT' });
});
