import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { isWithin, parseMountTable } from '../../../../src/base/index.js';
import { shellWord } from '../../../../src/base/index.js';
import {
  checkMountpoint,
  mountAt,
  mountsOver,
  unmountBinds,
} from '../../../../src/daemon/registry/mounts.js';
import { mounter, type Mounter, type UnmountResult } from '../../../../src/daemon/platform/index.js';

test('mountinfo lines are read with their escapes and optional fields', (t) => {
  const text =
    '22 1 0:21 / / rw,relatime shared:1 master:2 - ext4 /dev/sda1 rw\n' +
    '40 22 0:50 / /tmp/a\\040b\\134c ro,nosuid - fuse.lvfs dev-libs/foo\\040x/y ro,user_id=0\n' +
    'nonsense\n' +
    '41 22 0:51 / /tmp/caf\\303\\251 ro - tmpfs tmpfs rw\n' +
    '42 22 0:52 / /tmp/caf\\351 ro - tmpfs tmpfs rw\n';
  t.deepEqual(
    parseMountTable(text).map(({ device, mountpoint, type, source }) => [device, mountpoint, type, source]),
    [
      ['0:21', '/', 'ext4', '/dev/sda1'],
      ['0:50', '/tmp/a b\\c', 'fuse.lvfs', 'dev-libs/foo x/y'],
      ['0:51', '/tmp/café', 'tmpfs', 'tmpfs'],
      ['0:52', '/tmp/caf\ufffd', 'tmpfs', 'tmpfs'],
    ],
  );
  t.is(parseMountTable(text).at(-1)?.mountpointBytes, '/tmp/caf\xe9');
});

test('of several mounts at one place the topmost counts', (t) => {
  const mounts = parseMountTable('1 0 0:1 / /x rw - a a rw\n2 1 0:2 / /x rw - b b rw\n');
  t.is(mountAt('/x', mounts)?.type, 'b');
  t.is(mountAt('/y', mounts), undefined);
});

test('a path lies within itself and its ancestors only', (t) => {
  t.true(isWithin('/a/b', '/a'));
  t.true(isWithin('/a', '/a'));
  t.true(isWithin('/a', '/'));
  t.false(isWithin('/ab', '/a'));
  t.false(isWithin('/a', '/a/b'));
});

test('words are quoted for a shell only where that is needed', (t) => {
  t.is(shellWord('/var/tmp/lv-root_1.2'), '/var/tmp/lv-root_1.2');
  t.is(shellWord('/a b'), "'/a b'");
  t.is(shellWord("it's"), "'it'\\''s'");
});

test('the canonical path of a usable mount point is returned', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'lvfs-mounts-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  mkdirSync(join(directory, 'real'));
  symlinkSync('real', join(directory, 'link'));
  const options = { nonempty: false, isAlive: () => false };
  t.is(checkMountpoint(join(directory, 'link'), options), join(directory, 'real'));
  t.is(checkMountpoint(join(directory, 'link', '..', 'real/'), options), join(directory, 'real'));
});

test('a loop of links and names that are too long or no text are explained', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'lvfs-mounts-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  symlinkSync('loop', join(directory, 'loop'));
  const options = { nonempty: false, isAlive: () => false };
  t.throws(() => checkMountpoint(join(directory, 'loop'), options), {
    message: /: too many symbolic links$/,
  });
  t.throws(() => checkMountpoint(join(directory, 'x'.repeat(300)), options), {
    message: /: cannot be used as a mount point \(ENAMETOOLONG\)$/,
  });
  t.throws(() => checkMountpoint(join(directory, 'caf\ufffd'), options), { message: /: is not UTF-8$/ });
});

test('a process that uses a directory is found by what it has there', (t) => {
  const holders = mounter.holders(process.cwd(), undefined);
  t.false(
    holders.some(({ pid }) => pid === process.pid),
    'the own process is left out',
  );
  for (const { comm, use } of holders) {
    t.not(comm, '');
    t.true(['cwd', 'root', 'exe', 'file', 'map'].includes(use));
  }
});

/** A view at /v with binds over it, and another mount beside it. */
const covered = parseMountTable(
  [
    '1 0 0:1 / / rw - ext4 a rw',
    '2 1 0:2 / /v ro - fuse.lvfs x ro',
    '3 2 0:1 /tmp /v/tmp rw - ext4 bind rw',
    '4 3 0:1 /r /v/tmp/long/repository rw - ext4 inside rw',
    // Hides what is in the bind below it.
    '5 3 0:3 / /v/tmp rw - tmpfs top rw',
    '6 2 0:4 / /v/dev rw - devtmpfs dev rw',
    '7 1 0:5 / /v2 rw - tmpfs other rw',
  ].join('\n'),
);

test('what is mounted over a view is taken away from the top, whatever the paths look like', (t) => {
  t.deepEqual(
    mountsOver(covered, '/v').map(({ source }) => source),
    ['dev', 'top', 'inside', 'bind'],
  );
  t.deepEqual(mountsOver(covered, '/v2'), []);
});

/** A mounter of the mounts above, of which one may be in use; it refuses as the kernel does. */
class FakeMounter implements Pick<Mounter, 'mounts' | 'unmount'> {
  #mounts = [...covered];
  readonly calls: string[] = [];

  constructor(private readonly busy?: string) {}

  mounts() {
    return this.#mounts;
  }

  unmount(mountpoint: string, lazy: boolean): Promise<UnmountResult> {
    this.calls.push(mountpoint);
    const mount = mountAt(mountpoint, this.#mounts);
    const isParent = this.#mounts.some(({ parent }) => parent === mount?.id);
    if (mount === undefined) return Promise.resolve({ done: false, busy: false, message: 'not mounted' });
    if (isParent || (mount.source === this.busy && !lazy))
      return Promise.resolve({ done: false, busy: true, message: 'target is busy' });
    this.#mounts = this.#mounts.filter(({ id }) => id !== mount.id);
    return Promise.resolve({ done: true });
  }
}

test('all that covers a view is taken away, and neither the view nor what is beside it', async (t) => {
  const by = new FakeMounter();
  t.deepEqual(await unmountBinds('/v', false, by), []);
  t.deepEqual(
    by.mounts().map(({ mountpoint }) => mountpoint),
    ['/', '/v', '/v2'],
  );
});

test('what is in use stops the teardown there, and what stays is told; lazily it does not', async (t) => {
  const by = new FakeMounter('inside');
  t.deepEqual(await unmountBinds('/v', false, by), ['/v/tmp/long/repository', '/v/tmp']);
  t.deepEqual(by.calls, ['/v/dev', '/v/tmp', '/v/tmp/long/repository'], 'nothing below it is touched');
  t.deepEqual(await unmountBinds('/v', true, by), []);
});
