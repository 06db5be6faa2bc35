/** What others do at the same moment: another lvfs at the same place, other programs' mounts, a merge, and files that change under a reader. */
import {
  cpSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { unlessRefused } from '../../src/base/index.js';
import { host, nothingLeft, withCommands, type Commands } from '../helpers/commands.js';
import { until } from '../helpers/lvfs.js';
import { repeating } from '../helpers/repeating.js';
import { mountTest, skipped } from '../helpers/views.js';

async function place(t: ExecutionContext): Promise<Commands & { mountpoint: string }> {
  const f = await withCommands(t);
  const mountpoint = join(f.directory, 'mnt');
  mkdirSync(mountpoint);
  return { ...f, mountpoint };
}

const twice = <T>(work: () => Promise<T>): Promise<[T, T]> => Promise.all([work(), work()]);

mountTest(`two mount at the same place: one does, the other says why not${skipped}`, async (t) => {
  const f = await place(t);
  const results = await twice(() => f.lvfs('mount', '--no-binds', 'dev-libs/foo', f.mountpoint));
  t.deepEqual(results.map(({ status }) => status).sort(), [0, 23]);
  for (const { status, stderr } of results)
    t.regex(stderr, status === 0 ? /^$/ : /^lvfs: .+\n(hint: .+\n)?$/);
  t.deepEqual(readdirSync(join(f.mountpoint, 'opt')), ['bar', 'zlib']);
  t.is((await f.lvfs('umount', f.mountpoint)).status, 0);
  await nothingLeft(t, f);
});

mountTest(`two unmount the same view: it is gone, and nobody is told of a bug${skipped}`, async (t) => {
  const f = await place(t);
  t.is((await f.lvfs('mount', '--no-binds', 'dev-libs/foo', f.mountpoint)).status, 0);
  const results = await twice(() => f.lvfs('umount', f.mountpoint));
  const statuses = results.map(({ status }) => status);
  t.true(statuses.includes(0), statuses.join());
  for (const { status, stderr } of results) {
    t.true(status === 0 || status === 24, `${status} ${stderr}`);
    t.regex(stderr, status === 0 ? /^$/ : /^lvfs: .+\n(hint: .+\n)?$/);
  }
  await nothingLeft(t, f);
});

mountTest(`two checks that write the same results: both do, or one says why not${skipped}`, async (t) => {
  const f = await place(t);
  const results = join(f.directory, 'results');
  const both = await twice(() =>
    f.lvfs('check', ...host, '--results', results, '--command', 'cat /opt/bar/bar.h', 'dev-libs/foo'),
  );
  for (const { status, stderr } of both) {
    t.notRegex(stderr, /\n {4}at |bug in lvfs/);
    t.true(status === 0 || status === 1, `${status} ${stderr}`);
  }
  t.true(both.some(({ status }) => status === 0));
  await nothingLeft(t, f);
});

mountTest(`other programs' mounts come and go meanwhile${skipped}`, async (t) => {
  const f = await place(t);
  const elsewhere = join(f.directory, 'elsewhere');
  mkdirSync(elsewhere);
  const inside = f.gentoo.path('/opt/mounted');
  mkdirSync(inside);
  const mounting = 'for at; do mount -t tmpfs other "$at"; done; for at; do umount "$at"; done';
  const others = repeating(t, mounting, { words: [elsewhere, inside] });
  for (let i = 0; i < 3; i++) {
    const mounted = await f.lvfs('mount', 'dev-libs/foo', f.mountpoint);
    t.is(mounted.status, 0, mounted.stderr);
    t.deepEqual(readdirSync(join(f.mountpoint, 'opt')), ['bar', 'zlib']);
    const ended = await f.lvfs('umount', f.mountpoint);
    t.is(ended.status, 0, ended.stderr);
  }
  await others.end();
  for (const at of [elsewhere, inside]) while (spawnSync('umount', [at]).status === 0);
  await nothingLeft(t, f);
});

mountTest(`a database in the middle of a merge${skipped}`, async (t) => {
  const f = await place(t);
  const entries = f.gentoo.path('/var/db/pkg/dev-libs');
  // As Portage leaves it when it is killed: the entry under the name that it has until it is whole, with half a line.
  const merging = join(entries, '-MERGING-bar-2');
  cpSync(join(entries, 'bar-1'), merging, { recursive: true });
  writeFileSync(join(merging, 'CONTENTS'), 'dir /opt\ndir /opt/bar\nobj /opt/hidden/to');
  const mounted = await f.lvfs('mount', '--no-binds', 'dev-libs/foo', f.mountpoint);
  t.is(mounted.status, 0, mounted.stderr);
  const shows = (...names: string[]) => t.deepEqual(readdirSync(join(f.mountpoint, 'opt')), names);
  shows('bar', 'zlib');
  t.deepEqual(readdirSync(join(f.mountpoint, 'var/db/pkg/dev-libs')), ['bar-1']);
  // Entries come, are half there, and vanish while they are read.
  const other = join(entries, 'other-1');
  const commands = ['retarget', 'status', 'retarget'];
  const merges = 'cp -r "$1" "$2.tmp"; mv "$2.tmp" "$2"; : >"$2/CONTENTS"; rm -rf "$2/SLOT" "$2"';
  const others = repeating(t, merges, { words: [join(entries, 'deep-1'), other] });
  for (const verb of commands) {
    const told = await f.lvfs(verb, f.mountpoint, ...(verb === 'retarget' ? ['dev-libs/foo'] : []));
    t.is(told.status, 0, told.stderr);
    shows('bar', 'zlib');
  }
  const second = join(f.directory, 'second');
  mkdirSync(second);
  const again = await f.lvfs('mount', '--no-binds', 'dev-libs/foo', second);
  t.is(again.status, 0, again.stderr);
  t.is((await f.lvfs('umount', second)).status, 0);
  await others.end();
  // The merge goes on, and is seen.
  writeFileSync(join(merging, 'CONTENTS'), readFileSync(join(entries, 'bar-1/CONTENTS')));
  writeFileSync(join(merging, 'PF'), 'bar-2\n');
  renameSync(merging, join(entries, 'bar-2'));
  rmSync(join(entries, 'bar-1'), { recursive: true });
  const listed = (): string => readdirSync(join(f.mountpoint, 'var/db/pkg/dev-libs')).join();
  await until('the new version is seen', () => unlessRefused(listed, '') === 'bar-2', 60_000);
  shows('bar', 'zlib');
  t.is((await f.lvfs('umount', f.mountpoint)).status, 0);
  await nothingLeft(t, f);
});

mountTest(`a file grows, shrinks, is another kind and vanishes under its readers${skipped}`, async (t) => {
  const f = await place(t);
  t.is((await f.lvfs('mount', '--no-binds', 'dev-libs/foo', f.mountpoint)).status, 0);
  const file = f.gentoo.path('/opt/bar/bar.h');
  const seen = join(f.mountpoint, 'opt/bar/bar.h');
  const readers = [1, 2, 3].map(() => repeating(t, 'cat "$1"; ls -l "$1"', { words: [seen] }));
  const fd = openSync(file, 'r+');
  for (let i = 0; i < 100; i++) {
    writeSync(fd, Buffer.alloc(1 << 16, 'x'), 0, 1 << 16, (i % 10) << 16);
    if (i % 3 === 0) ftruncateSync(fd, i);
  }
  for (let i = 0; i < 50; i++) {
    rmSync(file, { recursive: true });
    if (i % 3 === 0) mkdirSync(file);
    else if (i % 3 === 1) symlinkSync('/opt/hidden/tool', file);
    else writeFileSync(file, `${i}`);
    t.notRegex(
      unlessRefused(() => readFileSync(seen, 'utf8'), ''),
      /echo tool/,
    );
  }
  rmSync(file, { recursive: true });
  const isGone = (): boolean => unlessRefused(() => readFileSync(seen, 'utf8'), undefined) === undefined;
  await until('it is gone', isGone, 60_000);
  writeFileSync(file, 'as it was');
  await until('it is there', () => !isGone() && readFileSync(seen, 'utf8') === 'as it was', 60_000);
  for (const reader of readers) await reader.end();
  t.is((await f.lvfs('umount', f.mountpoint)).status, 0);
  await nothingLeft(t, f);
});
