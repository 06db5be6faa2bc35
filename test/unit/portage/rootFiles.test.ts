import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { LvfsError } from '../../../src/base/index.js';
import { RootFiles } from '../../../src/portage/rootFiles.js';

function root(t: ExecutionContext): string {
  const directory = realpathSync(mkdtempSync(path.join(tmpdir(), 'lvfs-root-')));
  t.teardown(() => {
    rmSync(directory, { recursive: true });
  });
  mkdirSync(path.join(directory, 'etc/portage'), { recursive: true });
  mkdirSync(path.join(directory, 'var/db/repos/gentoo'), { recursive: true });
  writeFileSync(path.join(directory, 'var/db/repos/gentoo/file'), 'x\r\ny\rz');
  return directory;
}

const resolves = test.macro({
  exec(t, target: string, rest: string, expected: string) {
    const directory = root(t);
    symlinkSync(target, path.join(directory, 'etc/portage/link'));
    const files = new RootFiles(directory);
    t.is(files.resolve(files.at(`/etc/portage/link${rest}`)), path.join(directory, expected));
  },
  title: (_, target: string, rest: string) => `resolves link -> ${target}, then '${rest}', inside the root`,
});

test(resolves, '/var/db/repos/gentoo', '', 'var/db/repos/gentoo');
test(resolves, '/var/db/repos/gentoo', '/file', 'var/db/repos/gentoo/file');
test(resolves, '../../var/db', '/repos', 'var/db/repos');
test(resolves, '../../../../../../../../var', '', 'var');
test(resolves, '/../../var', '', 'var');
test(resolves, '/nowhere/at/all', '/x', 'nowhere/at/all/x');

test('an inside path cannot leave the root', (t) => {
  const directory = root(t);
  t.is(new RootFiles(directory).at('/../../etc'), path.join(directory, 'etc'));
});

test('a link to itself leads to nothing', (t) => {
  const directory = root(t);
  symlinkSync('link', path.join(directory, 'etc/portage/link'));
  const files = new RootFiles(directory);
  t.is(files.kind(files.at('/etc/portage/link')), undefined);
  t.is(files.readText(files.at('/etc/portage/nothing')), undefined);
});

test('a directory set apart has its absolute links inside the root', (t) => {
  const directory = root(t);
  const apart = root(t);
  symlinkSync('/var/db/repos/gentoo', path.join(apart, 'etc/portage/make.profile'));
  symlinkSync('../../etc', path.join(apart, 'etc/portage/relative'));
  const files = new RootFiles(directory);
  t.is(
    files.resolve(path.join(apart, 'etc/portage/make.profile')),
    path.join(directory, 'var/db/repos/gentoo'),
  );
  t.is(files.resolve(path.join(apart, 'etc/portage/relative')), path.join(apart, 'etc'));
});

test('line ends become newlines and other bytes than UTF-8 become U+FFFD', (t) => {
  const directory = root(t);
  writeFileSync(path.join(directory, 'bytes'), Buffer.from([0x61, 0xff, 0x0a]));
  const files = new RootFiles(directory);
  t.is(files.readText(files.at('/var/db/repos/gentoo/file')), 'x\ny\nz');
  t.is(files.readText(files.at('/bytes')), 'a\ufffd\n');
});

test('expand lists the files of a folder and survives a link to the folder itself', (t) => {
  const directory = root(t);
  const conf = path.join(directory, 'conf');
  for (const name of ['b', 'a/z', 'a/.x', 'a~', 'CVS/q', '.git/q', 'c/d/e']) {
    mkdirSync(path.join(conf, path.dirname(name)), { recursive: true });
    writeFileSync(path.join(conf, name), '');
  }
  symlinkSync('..', path.join(conf, 'c/up'));
  const files = new RootFiles(directory);
  t.deepEqual(
    files.expand(files.at('/conf')).map((file) => path.relative(conf, file)),
    ['a/z', 'b', 'c/d/e'],
  );
  t.deepEqual(files.expand(files.at('/conf/b')), [path.join(conf, 'b')]);
  t.deepEqual(files.expand(files.at('/conf/nothing')), []);
});

test('a root that is missing or a file is refused', (t) => {
  const directory = root(t);
  for (const name of ['nothing', 'var/db/repos/gentoo/file']) {
    const error = t.throws(() => new RootFiles(path.join(directory, name)), { instanceOf: LvfsError });
    t.is(error.code, 'NO_ROOT');
  }
});

test('a directory where a file is expected is refused with its name', (t) => {
  const directory = root(t);
  const files = new RootFiles(directory);
  const error = t.throws(() => files.readText(files.at('/etc')), { instanceOf: LvfsError });
  t.is(error.code, 'UNREADABLE');
  t.true(error.message.includes('/etc'));
});

(process.getuid?.() === 0 ? test.skip : test)(
  'a file without permission is refused (skipped: root may read everything)',
  (t) => {
    const directory = root(t);
    const file = path.join(directory, 'secret');
    writeFileSync(file, '');
    chmodSync(file, 0);
    t.throws(() => new RootFiles(directory).readText(file), { instanceOf: LvfsError });
  },
);
