/** Files of the host, by system calls and by Node: both say the same of everything. */
import { spawnSync } from 'node:child_process';
import {
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { errno, failure } from '../../../src/base/index.js';
import { identityWords, openFiles, systemProblem, type Files } from '../../../src/system/index.js';
import { NodeFiles } from '../../../src/system/nodeFiles.js';

const missing = systemProblem();
const direct = missing === undefined ? test : test.skip;
const because = missing === undefined ? '' : ` (skipped: ${missing.message})`;

function scratch(t: ExecutionContext): (name: string) => string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'lvfs-system-')));
  t.teardown(() => rmSync(root, { recursive: true }));
  return (name) => join(root, name);
}

const bytes = (path: string) => Buffer.from(path);

function identityOf(files: Files, path: string): string {
  const identity = new Uint32Array(identityWords);
  files.stat(bytes(path));
  files.status.identify(identity);
  return identity.join(' ');
}

test('system calls can be made on this machine', (t) => {
  // Where they cannot, the message says so and what to do; a machine for development has them.
  t.is(missing, undefined);
  t.true(openFiles().isExact);
});

const same = test.macro((t: ExecutionContext, make: () => Files) => {
  const path = scratch(t);
  const files = make();
  writeFileSync(path('file'), 'content');
  writeFileSync(path('caf\u00e9'), 'x', { mode: 0o640 });
  utimesSync(path('file'), -1.5, 1_700_000_000.25);
  linkSync(path('file'), path('again'));
  symlinkSync('file', path('link'));
  mkdirSync(path('directory'));
  for (const name of [
    path('file'),
    path('café'),
    path('link'),
    path('directory'),
    '/dev/null',
    '/',
    '/proc/sys',
  ]) {
    t.is(files.stat(bytes(name)), 0, name);
    const { status } = files;
    const stats = lstatSync(name, { bigint: true });
    t.deepEqual(
      {
        mode: status.mode,
        nlink: status.nlink,
        uid: status.uid,
        gid: status.gid,
        size: status.size,
        blocks: status.blocks,
        atime: BigInt(status.atimeSec) * 1_000_000_000n + BigInt(status.atimeNsec),
        mtime: BigInt(status.mtimeSec) * 1_000_000_000n + BigInt(status.mtimeNsec),
        ctime: BigInt(status.ctimeSec) * 1_000_000_000n + BigInt(status.ctimeNsec),
        blksize: status.blksize,
        type: status.type,
      },
      {
        mode: Number(stats.mode),
        nlink: Number(stats.nlink),
        uid: Number(stats.uid),
        gid: Number(stats.gid),
        size: Number(stats.size),
        blocks: Number(stats.blocks),
        atime: stats.atimeNs,
        mtime: stats.mtimeNs,
        ctime: stats.ctimeNs,
        blksize: Number(stats.blksize),
        type: Number(stats.mode >> 12n),
      },
      name,
    );
  }
  files.stat(bytes('/dev/null'));
  t.is(files.status.rdev, 0x103);
  t.is(files.stat(bytes(path('nothing'))), errno.ENOENT);
  t.is(files.stat(bytes(path('file/below'))), errno.ENOTDIR);
  t.is(files.stat(bytes(path('x'.repeat(256)))), errno.ENAMETOOLONG);

  t.is(Buffer.from(files.readlink(bytes(path('link'))) ?? '').toString(), 'file');
  t.is(files.readlink(bytes(path('file'))), undefined);

  const listing = files.list(bytes(path('.').replace(/\/\.$/, '')));
  const names = Array.from(listing?.kinds ?? [], (type, i) => {
    const name = listing?.names.subarray(listing.bounds[i], listing.bounds[i + 1]) ?? '';
    return `${Buffer.from(name).toString()} ${type}`;
  });
  t.deepEqual(names.sort(), ['again 8', 'café 8', 'directory 4', 'file 8', 'link 10']);
  t.is(files.list(bytes(path('file'))), undefined);

  t.is(files.open(bytes(path('link'))), failure(errno.ELOOP));
  const fd = files.open(bytes(path('file')));
  const into = Buffer.alloc(10);
  t.is(files.read(fd, into, 3), 4);
  t.is(into.toString('utf8', 0, 4), 'tent');
  t.is(files.statOpen(fd), 0);
  t.is(files.status.size, 7);
  files.close(fd);

  // A name of the same file has its identity, another file has not, even with the same inode number.
  t.is(identityOf(files, path('file')), identityOf(files, path('again')));
  const before = identityOf(files, path('café'));
  rmSync(path('café'));
  writeFileSync(path('café'), 'y');
  t.not(identityOf(files, path('café')), before);
  files.forget();
});

test('Node answers as lstat does', same, () => new NodeFiles());
direct(`system calls answer as lstat does${because}`, same, openFiles);

test('a large directory is listed whole', (t) => {
  const path = scratch(t);
  mkdirSync(path('many'));
  for (let i = 0; i < 3000; i++) writeFileSync(path(`many/${i}-${'n'.repeat(100)}`), '');
  const files = openFiles();
  t.is(files.list(bytes(path('many')))?.kinds.length, 3000);
  files.forget();
});

direct(`what has become a link leads nowhere${because}`, (t) => {
  const path = scratch(t);
  const files = openFiles();
  mkdirSync(path('a/b'), { recursive: true });
  mkdirSync(path('other/b'), { recursive: true });
  writeFileSync(path('a/b/file'), 'right');
  writeFileSync(path('other/b/file'), 'wrong');
  t.is(files.stat(bytes(path('a/b/file'))), 0);
  renameSync(path('a'), path('moved'));
  symlinkSync('other', path('a'));
  files.forget();
  t.is(files.stat(bytes(path('a/b/file'))), errno.ELOOP);
  t.is(files.open(bytes(path('a/b/file'))), failure(errno.ELOOP));
  t.is(files.list(bytes(path('a/b'))), undefined);
  t.is(files.readlink(bytes(path('a/b'))), undefined);
  t.is(files.attributeNames(bytes(path('a/b/file')), new Uint8Array()), failure(errno.ELOOP));
  files.forget();
});

test('paths may lie in memory that is written again', (t) => {
  const path = scratch(t);
  const files = openFiles();
  const memory = bytes(path('one/file'));
  for (const [i, name] of ['one', 'two', 'one', 'two'].entries()) {
    mkdirSync(path(name), { recursive: true });
    writeFileSync(path(`${name}/file`), 'x'.repeat(i));
    memory.set(bytes(path(`${name}/file`)));
    t.is(files.stat(memory), 0);
    t.is(files.status.size, i);
  }
  files.forget();
});

/** Makes directories, each with a file as long as its number. */
function makeDirectories(path: (name: string) => string, count: number): void {
  for (let i = 0; i < count; i++) {
    mkdirSync(path(`d${i}`));
    writeFileSync(path(`d${i}/file`), 'x'.repeat(i));
  }
}

test('files of more directories than are kept open are told apart', (t) => {
  const path = scratch(t);
  const count = 1100;
  makeDirectories(path, count);
  const files = openFiles();
  const wrong: string[] = [];
  const open = (): number => readdirSync('/proc/self/fd').length;
  const before = open();
  for (let pass = 0; pass < 2; pass++) {
    for (let i = 0; i < count; i++) {
      const code = files.stat(bytes(path(`d${i}/file`)));
      if (code !== 0 || files.status.size !== i) wrong.push(`d${i}: ${code}, ${files.status.size} bytes`);
    }
  }
  t.deepEqual(wrong, []);
  t.true(open() - before <= 1024, 'a directory stays open for good');
  files.forget();
  t.is(open(), before);
});

direct(`a directory that is not believed any more is closed with the next one${because}`, (t) => {
  const path = scratch(t);
  makeDirectories(path, 10);
  const files = openFiles();
  const open = (): number => readdirSync('/proc/self/fd').length;
  const before = open();
  for (let i = 0; i < 9; i++) files.stat(bytes(path(`d${i}/file`)));
  t.is(open() - before, 9);
  // They are believed for a second.
  const now = performance.now.bind(performance);
  performance.now = () => now() + 1100;
  files.stat(bytes(path('d9/file')));
  performance.now = now;
  t.is(open() - before, 1);
  files.forget();
});

test('open directories do not take the descriptors that files need', (t) => {
  const path = scratch(t);
  makeDirectories(path, 100);
  const module = new URL('../../../src/system/index.js', import.meta.url).href;
  const code = `
    const { openFiles } = await import(${JSON.stringify(module)});
    const files = openFiles();
    const of = (i) => Buffer.from(${JSON.stringify(path('d'))} + i + '/file');
    for (let i = 0; i < 100; i++) if (files.stat(of(i)) !== 0) throw new Error('stat ' + i);
    const opened = Array.from({ length: 30 }, (_, i) => files.open(of(i)));
    console.log(opened.every((fd) => fd >= 0));`;
  const args = ['-c', 'ulimit -n 64; exec "$@"', 'sh', process.execPath, '--input-type=module', '-e', code];
  const { stdout, stderr } = spawnSync('sh', args, { encoding: 'utf8' });
  t.is(stdout, 'true\n', stderr);
});

function reasonWithoutAttributes(): string | undefined {
  if (missing !== undefined) return missing.message;
  const directory = mkdtempSync(join(tmpdir(), 'lvfs-system-'));
  try {
    writeFileSync(join(directory, 'file'), '');
    return setNote(join(directory, 'file'))
      ? undefined
      : 'no python3, or a temporary directory without attributes';
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function setNote(path: string): boolean {
  const code = 'import os,sys; os.setxattr(sys.argv[1], "user.note", b"hello")';
  return spawnSync('python3', ['-c', code, path]).status === 0;
}

const noAttributes = reasonWithoutAttributes();
const attributed = noAttributes === undefined ? test : test.skip;
const whyNot = noAttributes === undefined ? '' : ` (skipped: ${noAttributes})`;

attributed(`extended attributes are those of the file itself, not of what a link leads to${whyNot}`, (t) => {
  const path = scratch(t);
  writeFileSync(path('file'), '');
  t.true(setNote(path('file')));
  const files = openFiles();
  const into = Buffer.alloc(64);
  const name = Buffer.from('user.note');
  t.is(files.attribute(bytes(path('file')), name, into), 5);
  t.is(into.toString('utf8', 0, 5), 'hello');
  t.is(files.attribute(bytes(path('file')), name, new Uint8Array()), 5);
  t.is(files.attribute(bytes(path('file')), name, Buffer.alloc(2)), failure(errno.ERANGE));
  t.is(files.attribute(bytes(path('file')), Buffer.from('user.other'), into), failure(errno.ENODATA));
  const length = files.attributeNames(bytes(path('file')), into);
  t.true(into.toString('latin1', 0, length).split('\0').includes('user.note'));
  symlinkSync('file', path('link'));
  t.false(into.toString('latin1', 0, files.attributeNames(bytes(path('link')), into)).includes('user.note'));
  files.forget();
});
