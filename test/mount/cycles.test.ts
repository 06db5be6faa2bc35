/**
 * Views that come and go: again and again, many at once, and with any of their processes killed while they come or go. Descriptors,
 * mounts, processes and records are as before. `LVFS_CYCLES`, `LVFS_VIEWS` and `LVFS_MOUNT_KILLS` say how often.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { nothingLeft, withCommands, type Commands } from '../helpers/commands.js';
import { mountsNaming, processesNaming } from '../helpers/inView.js';
import { Killer } from '../helpers/killing.js';
import { finished, until } from '../helpers/lvfs.js';
import { mountTest, skipped } from '../helpers/views.js';

const cycles = Number(process.env['LVFS_CYCLES'] ?? 5);
const views = Number(process.env['LVFS_VIEWS'] ?? 4);
const kills = Number(process.env['LVFS_MOUNT_KILLS'] ?? 10);
/** Longer than a mount takes. */
const withinMs = 2000;

/** Mounts of this process's namespace, and how many inodes there are of the machine's connections to FUSE. */
function mounts(): number {
  return readFileSync('/proc/self/mountinfo', 'latin1').split('\n').length;
}

async function place(t: ExecutionContext, name = 'mnt'): Promise<Commands & { mountpoint: string }> {
  const f = await withCommands(t);
  const mountpoint = join(f.directory, name);
  mkdirSync(mountpoint);
  return { ...f, mountpoint };
}

mountTest(`${cycles} times a view is mounted and taken away${skipped}`, async (t) => {
  t.timeout(60_000 + cycles * 20_000);
  const f = await place(t);
  const before = mounts();
  for (let i = 0; i < cycles; i++) {
    const mounted = await f.lvfs('mount', 'dev-libs/foo', f.mountpoint);
    t.is(mounted.status, 0, mounted.stderr);
    t.deepEqual(readdirSync(join(f.mountpoint, 'opt')), ['bar', 'zlib']);
    const ended = await f.lvfs('umount', f.mountpoint);
    t.is(ended.status, 0, ended.stderr);
    t.is(mounts(), before);
  }
  await nothingLeft(t, f);
});

mountTest(`a view whose packages change ${cycles * 10} times keeps its descriptors${skipped}`, async (t) => {
  t.timeout(60_000 + cycles * 60_000);
  const f = await place(t);
  const mounted = await f.lvfs('mount', '--json', '--no-binds', 'dev-libs/foo', f.mountpoint);
  const { mounts: told } = JSON.parse(mounted.stdout) as { mounts: { pid: number }[] };
  const descriptors = (): number => readdirSync(`/proc/${told[0]!.pid}/fd`).length;
  const change = async (): Promise<void> => {
    for (const verb of ['allow', 'deny']) {
      t.is((await f.lvfs(verb, f.mountpoint, 'dev-libs/hidden')).status, 0);
      t.is(existsSync(join(f.mountpoint, 'opt/hidden/tool')), verb === 'allow');
    }
  };
  await change();
  const before = descriptors();
  for (let i = 0; i < cycles * 5; i++) await change();
  // Open directories of the host are believed for a second, and then closed by the next one.
  t.true(descriptors() <= before + 8, `${before} before, ${descriptors()} after`);
  t.is((await f.lvfs('umount', f.mountpoint)).status, 0);
  await nothingLeft(t, f);
});

mountTest(`${views} views at once${skipped}`, async (t) => {
  t.timeout(60_000 + views * 60_000);
  const f = await place(t);
  const before = mounts();
  const places = Array.from({ length: views }, (_, i) => join(f.directory, `mnt-${i}`));
  for (const path of places) mkdirSync(path);
  const mounted = await Promise.all(
    places.map((path) => f.lvfs('mount', '--no-binds', 'dev-libs/foo', path)),
  );
  for (const { status, stderr } of mounted) t.is(status, 0, stderr);
  for (const path of places) t.deepEqual(readdirSync(join(path, 'opt')), ['bar', 'zlib']);
  const ended = await Promise.all(places.map((path) => f.lvfs('umount', path)));
  for (const { status, stderr } of ended) t.is(status, 0, stderr);
  t.is(mounts(), before);
  await nothingLeft(t, f);
});

mountTest(
  `${kills} mounts and their ends, each with one process killed at some moment, leave nothing that umount cannot take away${skipped}`,
  async (t) => {
    t.timeout(60_000 + kills * 60_000);
    const f = await place(t);
    const killer = new Killer(16, withinMs);
    let [stood, clean] = [0, 0];
    for (let i = 0; i < kills; i++) {
      const ends = i % 2 === 1;
      if (ends) t.is((await f.lvfs('mount', 'dev-libs/foo', f.mountpoint)).status, 0);
      const child = ends ? f.start('umount', f.mountpoint) : f.start('mount', 'dev-libs/foo', f.mountpoint);
      const end = finished(child);
      await killer.kill(f.runtime);
      const { stderr } = await end;
      t.notRegex(stderr, /\n {4}at |bug in lvfs/, `${i}`);
      // A daemon whose command was killed gives up, or has just become ready.
      const isQuiet = async (): Promise<boolean> => {
        if (mountsNaming(f.mountpoint).length === 0 && processesNaming(f.runtime).length === 0) return true;
        const { status } = await f.lvfs('umount', '--lazy', f.mountpoint);
        stood += status === 0 ? 1 : 0;
        return false;
      };
      if (await isQuiet()) clean++;
      else await until(`kill ${i}: all is taken away`, isQuiet, 60_000);
      // Whatever looks at the records clears those of the dead away.
      await f.lvfs('status');
      t.deepEqual(existsSync(f.runtime) ? readdirSync(f.runtime) : [], [], `${i}`);
    }
    t.log(`${clean} times nothing was left, ${stood} times umount --lazy took a view away`);
    t.is((await f.lvfs('mount', '--no-binds', 'dev-libs/foo', f.mountpoint)).status, 0);
    t.is((await f.lvfs('umount', f.mountpoint)).status, 0);
    await nothingLeft(t, f);
  },
);
