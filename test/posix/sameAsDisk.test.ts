/**
 * The same functions on a plain directory and on a view of it: results, errors and offsets must be the same. What Node
 * has no function for is asked of Python, where there is one.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  chownSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fstatSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  opendirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  realpathSync,
  renameSync,
  rmdirSync,
  statfsSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { gentooRoot, type FileTree, type GentooRoot } from '../helpers/gentooRoot.js';
import { reasonNotToMount, testDriver } from '../helpers/withMemoryMount.js';
import { withMountedView } from '../helpers/withView.js';

const reason = reasonNotToMount();
const run = reason === undefined ? test.serial : test.serial.skip;
const because = reason === undefined ? '' : ` (skipped: ${reason})`;
const python = spawnSync('python3', ['-c', '']).status === 0;

const { exactNanoseconds, byteNames } = testDriver().capabilities;
const longName = 'n'.repeat(255);
const deep = Array.from({ length: 60 }, (_, i) => `level-${i}-${'x'.repeat(40)}`).join('/');
const text = 'The quick brown fox\n'.repeat(1000);

const files: FileTree = {
  '/d/file': text,
  '/d/empty': '',
  '/d/secret': { text: 'root only', mode: 0o600 },
  '/d/private/inside': 'x',
  '/d/run': { text: '#!/bin/sh\necho ran "$@"\n', mode: 0o755 },
  '/d/link': { link: 'file' },
  '/d/dangling': { link: 'nowhere' },
  '/d/loop-a': { link: 'loop-b' },
  '/d/loop-b': { link: 'loop-a' },
  '/d/to-sub': { link: 'sub' },
  '/d/sub/one': '1',
  '/d/sub/two': '2',
  '/d/hard': { hardLink: '/d/file' },
  '/d/fifo': { fifo: true },
  '/d/device': 'replaced below',
  // A driver that cannot name it does not show it; see the drivers' own tests.
  ...(byteNames ? { 'latin1:/d/caf\xe9': 'bytes' } : {}),
  '/d/old': { text: 'before 1970', mtime: -12345.678 },
  [`/d/${longName}`]: 'long',
  [`/d/${deep}/bottom`]: 'deep',
  ...Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`/d/many/entry-${i}`, ''])),
};

async function system(): Promise<GentooRoot> {
  const gentoo = await gentooRoot({ packages: { 'dev-libs/all-1': { files } } });
  unlinkSync(gentoo.path('/d/device'));
  execFileSync('mknod', [gentoo.path('/d/device'), 'c', '1', '3']);
  chmodSync(gentoo.path('/d/private'), 0o700);
  execFileSync('truncate', ['-s', '5G', gentoo.path('/d/empty')]);
  truncateSync(gentoo.path('/d/empty'), 0);
  return gentoo;
}

/** What a function gave: its value, or the error's code. */
function outcome(body: () => unknown): unknown {
  try {
    const value = body();
    return value === undefined ? 'done' : value;
  } catch (error) {
    const { code, errno } = error as NodeJS.ErrnoException;
    return code === undefined ? String(error) : `${code} ${errno}`;
  }
}

function opened<T>(path: string | Buffer, flags: number, body: (fd: number) => T): T {
  const fd = openSync(path, flags, 0o644);
  try {
    return body(fd);
  } finally {
    closeSync(fd);
  }
}

const {
  O_RDONLY,
  O_WRONLY,
  O_RDWR,
  O_CREAT,
  O_EXCL,
  O_TRUNC,
  O_APPEND,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_NONBLOCK,
} = constants;
const same = (d: string, name: string) => join(d, name);

/** A field of `stat(2)` that the view has from the host. */
const fields = [
  'mode',
  'uid',
  'gid',
  'size',
  'rdev',
  'blocks',
  'blksize',
  'mtimeNs',
  'ctimeNs',
  'nlink',
] as const;

function attributes(path: string | Buffer, follow: boolean): unknown {
  const stats = follow ? statSync(path, { bigint: true }) : lstatSync(path, { bigint: true });
  // A driver without nanoseconds has milliseconds since 1970.
  const value = (field: (typeof fields)[number]) => {
    if (exactNanoseconds || !field.endsWith('Ns')) return stats[field];
    return stats[field] < 0n ? 0n : stats[field] / 1_000_000n;
  };
  return fields.map((field) => `${field} ${value(field)}`).join(', ');
}

/** Each gets the directory's path on the one side and on the other. */
const cases: Readonly<Record<string, (d: string) => unknown>> = {
  'lstat of everything': (d) =>
    Object.keys(files)
      .filter((path) => !path.startsWith('latin1:'))
      .map((path) => outcome(() => attributes(d + path.slice(2), false))),
  'stat follows links': (d) =>
    ['link', 'dangling', 'loop-a', 'to-sub', 'to-sub/one', 'hard'].map((name) =>
      outcome(() => attributes(same(d, name), true)),
    ),
  'a name that is not UTF-8': (d) =>
    attributes(Buffer.concat([Buffer.from(`${d}/`), Buffer.from('caf\xe9', 'latin1')]), false),
  'names that are not there': (d) =>
    ['none', 'none/x', 'file/x', 'sub/../none', 'link/x', 'fifo/x', 'many/entry-3000'].map((name) =>
      outcome(() => lstatSync(same(d, name))),
    ),
  'a name of 256 bytes': (d) => outcome(() => lstatSync(same(d, 'n'.repeat(256)))),
  'a path of more than 4096 bytes': (d) => outcome(() => lstatSync(`${d}/${'./'.repeat(2100)}file`)),
  dots: (d) =>
    [`${d}/.`, `${d}/sub/.`, `${d}/sub/..`, `${d}/sub/../sub/./one`].map((path) =>
      outcome(() => attributes(path, false)),
    ),
  'open for reading': (d) =>
    ['file', 'link', 'dangling', 'loop-a', 'sub', 'file/', 'link/', 'none'].map((name) =>
      outcome(() => opened(same(d, name), O_RDONLY, (fd) => fstatSync(fd).mode)),
    ),
  'open with O_DIRECTORY': (d) =>
    ['file', 'sub', 'to-sub', 'link', 'fifo', 'none'].map((name) =>
      outcome(() => opened(same(d, name), O_RDONLY | O_DIRECTORY | O_NONBLOCK, () => 'opened')),
    ),
  'open with O_NOFOLLOW': (d) =>
    ['file', 'link', 'to-sub', 'dangling'].map((name) =>
      outcome(() => opened(same(d, name), O_RDONLY | O_NOFOLLOW, () => 'opened')),
    ),
  readlink: (d) =>
    ['link', 'dangling', 'loop-a', 'to-sub', 'file', 'sub', 'none'].map((name) =>
      outcome(() => readlinkSync(same(d, name))),
    ),
  realpath: (d) =>
    ['link', 'to-sub/one', 'loop-a', 'dangling'].map((name) =>
      outcome(() => realpathSync.native(same(d, name)).slice(realpathSync(d).length)),
    ),
  'read at offsets and past the end': (d) =>
    opened(same(d, 'file'), O_RDONLY, (fd) =>
      [0, 1, 4095, 4096, text.length - 1, text.length, text.length + 1, 2 ** 40].map((offset) => {
        const into = Buffer.alloc(5000);
        const got = readSync(fd, into, 0, 5000, offset);
        return `${got} ${into.subarray(0, got).toString()}`;
      }),
    ),
  'read a directory as a file': (d) =>
    outcome(() => opened(same(d, 'sub'), O_RDONLY, (fd) => readSync(fd, Buffer.alloc(10), 0, 10, 0))),
  readdir: (d) =>
    ['', 'sub', 'many', 'file', 'none', 'to-sub'].map((name) =>
      outcome(() => readdirSync(same(d, name)).sort()),
    ),
  'types in listings': (d) =>
    readdirSync(d, { withFileTypes: true })
      .map(
        (entry) =>
          `${entry.name} ${entry.isFile()} ${entry.isDirectory()} ${entry.isSymbolicLink()} ${entry.isFIFO()} ${entry.isCharacterDevice()}`,
      )
      .sort(),
  'a directory read in small pieces': (d) => {
    const directory = opendirSync(same(d, 'many'), { bufferSize: 7 });
    const names: string[] = [];
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync())
      names.push(entry.name);
    directory.closeSync();
    return names.sort();
  },
  access: (d) =>
    [constants.R_OK, constants.X_OK, constants.F_OK].flatMap((mode) =>
      ['file', 'run', 'sub', 'none', 'dangling'].map((name) =>
        outcome(() => accessSync(same(d, name), mode)),
      ),
    ),
  exec: (d) => execFileSync(same(d, 'run'), ['a', 'b']).toString(),
  'exec of what is not executable': (d) => outcome(() => execFileSync(same(d, 'file'), { stdio: 'pipe' })),
  'sendfile and copy_file_range': (d) => {
    const target = join(realpathSync('/tmp'), `lvfs-copy-${process.pid}`);
    copyFileSync(same(d, 'file'), target);
    const content = readFileSync(target, 'utf8');
    unlinkSync(target);
    return content;
  },
  'a deep path': (d) => readFileSync(same(d, `${deep}/bottom`), 'utf8'),
  'statfs has room for names': (d) => statfsSync(d).blocks > 0,
};

run(`results and errors are those of the disk${because}`, async (t) => {
  const gentoo = await system();
  t.teardown(gentoo.cleanup);
  await withMountedView({ root: gentoo.root, visible: ['dev-libs/all-1'] }, ({ mountpoint }) => {
    for (const [name, body] of Object.entries(cases)) {
      const disk = outcome(() => body(gentoo.path('/d')));
      // Twice: from the daemon, then from the kernel's caches.
      for (const pass of ['first', 'second'])
        t.deepEqual(
          outcome(() => body(`${mountpoint}/d`)),
          disk,
          `${name}, ${pass} time`,
        );
    }
  });
});

/** Modifications; each must fail with EROFS, or with what a read-only disk says before that. */
const modifications: Readonly<Record<string, (d: string) => unknown>> = {
  'open for writing': (d) => opened(same(d, 'file'), O_WRONLY, () => 0),
  'open for reading and writing': (d) => opened(same(d, 'file'), O_RDWR, () => 0),
  'open and truncate': (d) => opened(same(d, 'file'), O_WRONLY | O_TRUNC, () => 0),
  'open for appending': (d) => opened(same(d, 'file'), O_WRONLY | O_APPEND, () => 0),
  create: (d) => opened(same(d, 'new'), O_WRONLY | O_CREAT, () => 0),
  'create exclusively': (d) => opened(same(d, 'new'), O_WRONLY | O_CREAT | O_EXCL, () => 0),
  'create what exists': (d) => opened(same(d, 'file'), O_RDONLY | O_CREAT, () => 'opened'),
  'create exclusively what exists': (d) => opened(same(d, 'file'), O_WRONLY | O_CREAT | O_EXCL, () => 0),
  'write a whole file': (d) => writeFileSync(same(d, 'new'), 'x'),
  'write to a device': (d) => opened(same(d, 'device'), O_WRONLY, (fd) => writeSync(fd, 'x')),
  mkdir: (d) => mkdirSync(same(d, 'new')),
  'mkdir of what exists': (d) => mkdirSync(same(d, 'sub')),
  rmdir: (d) => rmdirSync(same(d, 'sub')),
  'rmdir of what is not there': (d) => rmdirSync(same(d, 'none')),
  unlink: (d) => unlinkSync(same(d, 'file')),
  'unlink of what is not there': (d) => unlinkSync(same(d, 'none')),
  rename: (d) => renameSync(same(d, 'file'), same(d, 'new')),
  link: (d) => linkSync(same(d, 'file'), same(d, 'new')),
  symlink: (d) => symlinkSync('x', same(d, 'new')),
  truncate: (d) => truncateSync(same(d, 'file'), 1),
  chmod: (d) => chmodSync(same(d, 'file'), 0o777),
  chown: (d) => chownSync(same(d, 'file'), 1, 1),
  utimes: (d) => utimesSync(same(d, 'file'), 1, 1),
  lutimes: (d) => lutimesSync(same(d, 'link'), 1, 1),
  'access for writing': (d) => accessSync(same(d, 'file'), constants.W_OK),
  mkfifo: (d) =>
    spawnSync('mkfifo', [same(d, 'new')])
      .stderr.toString()
      .replace(d, ''),
};

run(`every modification fails as on a disk mounted read-only${because}`, async (t) => {
  const gentoo = await system();
  t.teardown(gentoo.cleanup);
  const plain = gentoo.path('/plain');
  mkdirSync(plain);
  execFileSync('mount', ['--bind', gentoo.path('/d'), plain]);
  t.teardown(() => execFileSync('umount', [plain]));
  execFileSync('mount', ['-o', 'remount,bind,ro,nodev', plain]);
  await withMountedView({ root: gentoo.root, visible: ['dev-libs/all-1'] }, ({ mountpoint }) => {
    for (const [name, body] of Object.entries(modifications)) {
      t.deepEqual(
        outcome(() => body(`${mountpoint}/d`)),
        outcome(() => body(plain)),
        name,
      );
    }
  });
  t.is(readFileSync(gentoo.path('/d/file'), 'utf8'), text);
  t.false(existsSync(gentoo.path('/d/new')));
});

const script = `
import os, sys, mmap, socket, json, ctypes
d = sys.argv[1]
out = {}
def case(name, body):
    try: out[name] = body()
    except OSError as e: out[name] = 'errno %d' % e.errno
def maps():
    with open(d + '/file', 'rb') as f:
        m = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)
        return [len(m), m[:30].decode(), m[-30:].decode(), m.find(b'fox', 9000)]
case('mmap', maps)
def writable():
    with open(d + '/file', 'rb') as f: return mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ | mmap.PROT_WRITE) and 'mapped'
case('mmap for writing', writable)
def send():
    a, b = socket.socketpair()
    fd = os.open(d + '/file', os.O_RDONLY)
    n = os.sendfile(a.fileno(), fd, 100, 5000)
    a.close()
    data = b''
    while True:
        part = b.recv(65536)
        if not part: break
        data += part
    return [n, data.decode()]
case('sendfile', send)
libc = ctypes.CDLL(None, use_errno=True)
for f in ('opendir', 'readdir'): getattr(libc, f).restype = ctypes.c_void_p
libc.telldir.restype = ctypes.c_long
class dirent(ctypes.Structure):
    _fields_ = [('ino', ctypes.c_uint64), ('off', ctypes.c_int64), ('len', ctypes.c_uint16), ('type', ctypes.c_uint8), ('name', ctypes.c_char * 256)]
def read(p):
    e = libc.readdir(ctypes.c_void_p(p))
    return None if not e else ctypes.cast(e, ctypes.POINTER(dirent)).contents.name.decode()
def seek():
    p = libc.opendir((d + '/many').encode())
    first, places = [], []
    while True:
        places.append(libc.telldir(ctypes.c_void_p(p)))
        name = read(p)
        if name is None: break
        first.append(name)
    for i in (0, 1, 2, 3, 500, 1717, 2999, len(first) - 1):
        libc.seekdir(ctypes.c_void_p(p), ctypes.c_long(places[i]))
        if read(p) != first[i]: return 'seekdir to %d went elsewhere' % i
        if i + 1 < len(first) and read(p) != first[i + 1]: return 'after seekdir to %d' % i
    libc.rewinddir(ctypes.c_void_p(p))
    again = []
    while True:
        name = read(p)
        if name is None: break
        again.append(name)
    return [again == first, sorted(again), len(set(places)) == len(places)]
case('telldir and seekdir', seek)
case('fifo', lambda: os.close(os.open(d + '/fifo', os.O_RDONLY | os.O_NONBLOCK)) or 'opened')
def pipe():
    r = os.open(d + '/fifo', os.O_RDONLY | os.O_NONBLOCK)
    w = os.open(d + '/fifo', os.O_WRONLY)
    os.write(w, b'through')
    return os.read(r, 100).decode()
case('a fifo carries data', pipe)
case('device', lambda: os.read(os.open(d + '/device', os.O_RDONLY), 1).decode())
case('chdir and getcwd', lambda: [os.chdir(d + '/sub'), os.getcwd()[len(d):], os.listdir('.').sort()])
fd = os.open(d, os.O_RDONLY)
case('openat', lambda: os.read(os.open('sub/one', os.O_RDONLY, dir_fd=fd), 9).decode())
case('fstatat', lambda: os.stat('link', dir_fd=fd, follow_symlinks=False).st_size)
case('seek to data and holes', lambda: [os.lseek(os.open(d + '/file', os.O_RDONLY), 10, os.SEEK_DATA), os.lseek(os.open(d + '/file', os.O_RDONLY), 10, os.SEEK_HOLE)])
if len(sys.argv) > 2:
    os.setgid(65534); os.setuid(65534)
    for name in ('secret', 'file', 'private/inside', 'private', 'sub/one', 'run', 'fifo'):
        case('nobody opens ' + name, lambda: os.close(os.open(d + '/' + name, os.O_RDONLY | os.O_NONBLOCK)) or 'opened')
        case('nobody stats ' + name, lambda: os.stat(d + '/' + name).st_mode)
        case('nobody may execute ' + name, lambda: os.access(d + '/' + name, os.X_OK))
    case('nobody lists private', lambda: os.listdir(d + '/private'))
print(json.dumps(out, sort_keys=True))
`;

(python ? run : test.serial.skip)(
  `mmap, sendfile, seekdir, fifos, devices and other users are as on the disk${python ? because : ' (skipped: no python3)'}`,
  async (t) => {
    const gentoo = await system();
    t.teardown(gentoo.cleanup);
    chmodSync(gentoo.root, 0o755);
    const plain = gentoo.path('/plain');
    mkdirSync(plain);
    execFileSync('mount', ['--bind', gentoo.path('/d'), plain]);
    t.teardown(() => execFileSync('umount', [plain]));
    execFileSync('mount', ['-o', 'remount,bind,ro,nodev', plain]);
    await withMountedView({ root: gentoo.root, visible: ['dev-libs/all-1'] }, ({ mountpoint }) => {
      const ask = (d: string) =>
        JSON.parse(
          execFileSync('python3', ['-c', script, d, 'nobody'], { timeout: 60_000 }).toString(),
        ) as unknown;
      t.deepEqual(ask(`${mountpoint}/d`), ask(plain));
    });
  },
);
