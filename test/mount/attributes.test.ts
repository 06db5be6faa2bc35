/** Extended attributes and access control lists through a mounted view. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { systemProblem } from '../../src/system/index.js';
import { gentooRoot } from '../helpers/gentooRoot.js';
import { reasonNotToMount, testDriver } from '../helpers/withMemoryMount.js';
import { withMountedView } from '../helpers/withView.js';

const python = (code: string, ...args: string[]) =>
  spawnSync('python3', ['-c', `import os, sys\n${code}`, ...args], { encoding: 'utf8' });

/** Sets an attribute to bytes given in hexadecimal digits; whether that worked. */
function setAttribute(path: string, name: string, hex: string): boolean {
  const code = 'os.setxattr(sys.argv[1], sys.argv[2], bytes.fromhex(sys.argv[3]))';
  return python(code, path, name, hex).status === 0;
}

/** `posix_acl_xattr.h`: version 2, then tag, permissions and id of each entry. */
function list(...entries: [tag: number, permissions: number, id: number][]): string {
  const bytes = Buffer.alloc(4 + entries.length * 8);
  bytes.writeUInt32LE(2);
  entries.forEach(([tag, permissions, id], i) => {
    bytes.writeUInt16LE(tag, 4 + i * 8);
    bytes.writeUInt16LE(permissions, 6 + i * 8);
    bytes.writeUInt32LE(id, 8 + i * 8);
  });
  return bytes.toString('hex');
}

const nobody = 65_534;
const none = 0xffff_ffff;
const [owner, user, group, mask, other] = [1, 2, 4, 0x10, 0x20];
const shutOut = list(
  [owner, 6, none],
  [user, 0, nobody],
  [group, 4, none],
  [mask, 4, none],
  [other, 4, none],
);
const letIn = list([owner, 6, none], [user, 4, nobody], [group, 0, none], [mask, 4, none], [other, 0, none]);

function reasonNotToTest(): string | undefined {
  const reason = reasonNotToMount() ?? systemProblem()?.message;
  if (reason !== undefined) return reason;
  const directory = mkdtempSync(join(tmpdir(), 'lvfs-acl-'));
  try {
    writeFileSync(join(directory, 'file'), '');
    const works = setAttribute(join(directory, 'file'), 'system.posix_acl_access', shutOut);
    return works ? undefined : 'no python3, or a temporary directory without access control lists';
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const reason = reasonNotToTest();
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const because = reason === undefined ? '' : ` (skipped: ${reason})`;

async function system(t: { teardown(clean: () => void): void }) {
  const gentoo = await gentooRoot({
    packages: {
      'sys-libs/shown-1': {
        files: {
          '/usr/bin/plain': 'plain',
          '/usr/bin/shut': 'shut',
          '/usr/bin/let': 'let',
          '/usr/bin/note': 'note',
        },
      },
    },
  });
  t.teardown(gentoo.cleanup);
  chmodSync(gentoo.root, 0o755);
  setAttribute(gentoo.path('/usr/bin/shut'), 'system.posix_acl_access', shutOut);
  setAttribute(gentoo.path('/usr/bin/let'), 'system.posix_acl_access', letIn);
  setAttribute(gentoo.path('/usr/bin/note'), 'user.note', Buffer.from('hello').toString('hex'));
  return gentoo;
}

const read = (path: string) =>
  spawnSync('cat', [path], { uid: nobody, gid: nobody, encoding: 'utf8' }).stdout;

mountTest(`nobody reads through the view what a list keeps from him on the host${because}`, async (t) => {
  const gentoo = await system(t);
  await withMountedView({ root: gentoo.root, visible: ['sys-libs/shown-1'] }, ({ mountpoint }) => {
    const exact = testDriver().capabilities.extendedAttributes;
    for (const name of ['plain', 'shut', 'let', 'note']) {
      const onHost = read(gentoo.path(`/usr/bin/${name}`));
      // A driver that cannot check lists refuses more than the host.
      t.is(read(join(mountpoint, 'usr/bin', name)), exact || name !== 'let' ? onHost : '', name);
    }
    t.is(read(gentoo.path('/usr/bin/shut')), '');
    t.is(read(gentoo.path('/usr/bin/let')), 'let');
  });
});

const attributes = 'print(sorted(os.listxattr(sys.argv[1])), os.getxattr(sys.argv[1], sys.argv[2]).hex())';

const exactTest =
  reason === undefined && testDriver().capabilities.extendedAttributes ? mountTest : test.serial.skip;

exactTest(`extended attributes are those of the host${because}`, async (t) => {
  const gentoo = await system(t);
  setAttribute(gentoo.path('/usr/bin/note'), 'trusted.secret', '00');
  await withMountedView({ root: gentoo.root, visible: ['sys-libs/shown-1'] }, ({ mountpoint }) => {
    const ask = (at: string, file: string, name: string) =>
      python(attributes, join(at, 'usr/bin', file), name).stdout;
    t.is(ask(mountpoint, 'note', 'user.note'), "['user.note'] 68656c6c6f\n");
    t.is(
      ask(mountpoint, 'let', 'system.posix_acl_access'),
      ask(gentoo.root, 'let', 'system.posix_acl_access'),
    );
    t.regex(ask(mountpoint, 'let', 'system.posix_acl_access'), /posix_acl_access/);
    const missing = 'os.getxattr(sys.argv[1], sys.argv[2])';
    for (const name of ['user.other', 'trusted.secret'])
      t.regex(python(missing, join(mountpoint, 'usr/bin/note'), name).stderr, /Errno 61/, name);
  });
});
