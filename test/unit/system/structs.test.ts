/** The structs of system calls against the headers of this machine. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import {
  at,
  dirent64,
  inotify,
  inotifyEvent,
  openHow,
  resolve,
  statxMask,
  statxStruct,
} from '../../../src/system/structs.js';

const compiler = spawnSync('cc', ['--version']).status === 0;
const compiled = compiler ? test : test.skip;
const because = compiler ? '' : ' (skipped: no C compiler)';

/** Fields whose C name is another one. */
const inC: Readonly<Record<string, string>> = Object.fromEntries(
  ['atime', 'btime', 'ctime', 'mtime'].flatMap((time) => [
    [`${time}_sec`, `stx_${time}.tv_sec`],
    [`${time}_nsec`, `stx_${time}.tv_nsec`],
  ]),
);

const structs = [
  {
    c: 'struct statx',
    struct: statxStruct,
    field: (name: string) => inC[name] ?? `stx_${name}`,
    skip: ['spare', 'mtime_reserved'],
  },
  { c: 'struct open_how', struct: openHow, field: (name: string) => name, skip: [] },
  { c: 'struct inotify_event', struct: inotifyEvent, field: (name: string) => name, skip: [] },
];

const constants: Readonly<Record<string, number>> = {
  AT_FDCWD: at.fdcwd,
  AT_SYMLINK_NOFOLLOW: at.symlinkNofollow,
  AT_EMPTY_PATH: at.emptyPath,
  AT_NO_AUTOMOUNT: at.noAutomount,
  STATX_BASIC_STATS: statxMask.basic,
  STATX_BTIME: statxMask.btime,
  RESOLVE_NO_MAGICLINKS: resolve.noMagicLinks,
  RESOLVE_NO_SYMLINKS: resolve.noSymlinks,
  IN_MODIFY: inotify.modify,
  IN_ATTRIB: inotify.attrib,
  IN_MOVED_FROM: inotify.movedFrom,
  IN_MOVED_TO: inotify.movedTo,
  IN_CREATE: inotify.create,
  IN_DELETE: inotify.delete,
  IN_DELETE_SELF: inotify.deleteSelf,
  IN_MOVE_SELF: inotify.moveSelf,
  IN_UNMOUNT: inotify.unmount,
  IN_Q_OVERFLOW: inotify.overflow,
  IN_IGNORED: inotify.ignored,
  IN_ONLYDIR: inotify.onlyDirectory,
  IN_DONT_FOLLOW: inotify.dontFollow,
};

compiled(`structs and constants are those of the kernel's headers${because}`, (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'lvfs-structs-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const fields = structs.flatMap(({ c, struct, field, skip }) =>
    Object.entries(struct.offset)
      .filter(([name]) => !(skip as string[]).includes(name))
      .map(([name, offset]) => ({ text: `offsetof(${c}, ${field(name)})`, value: offset })),
  );
  const sizes = structs.map(({ c, struct }) => ({ text: `sizeof(${c})`, value: struct.size }));
  const numbers = Object.entries(constants).map(([text, value]) => ({ text, value }));
  const all = [...fields, ...sizes, ...numbers];
  const program = `
    #include <stddef.h>
    #include <stdio.h>
    #include <linux/stat.h>
    #include <linux/fcntl.h>
    #include <linux/openat2.h>
    #include <linux/inotify.h>
    int main(void) {
      ${all.map(({ text }) => `printf("%lld\\n", (long long)(${text}));`).join('\n')}
      return 0;
    }`;
  writeFileSync(join(directory, 'all.c'), program);
  execFileSync('cc', ['-o', join(directory, 'all'), join(directory, 'all.c')]);
  const said = execFileSync(join(directory, 'all'), { encoding: 'utf8' }).trim().split('\n').map(Number);
  t.deepEqual(
    all.map(({ text }, i) => `${text} = ${said[i]}`),
    all.map(({ text, value }) => `${text} = ${value}`),
  );
});

test('a directory entry is as the kernel writes it', (t) => {
  // It is in no header for user space.
  t.deepEqual(dirent64.offset, { ino: 0, off: 8, reclen: 16, type: 18, name: 19 });
});
