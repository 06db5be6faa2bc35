import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { mounter, namespaces, type Bind } from '../../src/daemon/platform/index.js';
import type { Covered } from '../helpers/coverMount.js';
import { whyNotMount } from '../helpers/inView.js';
import { until } from '../helpers/lvfs.js';
import { writeTree } from '../helpers/writeTree.js';

const reason = whyNotMount();
const mountTest = reason === undefined ? test : test.skip;
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

/** Covers an empty filesystem in a namespace of its own. `plan` is given the directory of sources. */
function cover(t: ExecutionContext, plan: (host: string) => Bind[]): Covered & { view: string } {
  const host = writeTree(t, { 'a/file': 'a', 'b b/file': 'b' });
  mkdirSync(join(host, 'view'));
  const view = join(host, 'view');
  const program = join(import.meta.dirname, '../helpers/coverMount.js');
  const { stdout, stderr, status } = spawnSync(
    'unshare',
    [
      ...['--mount', '--propagation', 'private', process.execPath, program],
      ...[view, JSON.stringify(plan(host))],
    ],
    { encoding: 'utf8' },
  );
  t.is(status, 0, stderr);
  return { ...(JSON.parse(stdout) as Covered), view };
}

mountTest(
  `what covers a view is private, in its order, and read-only where that is asked for${skipped}`,
  (t) => {
    const { error, mounts, elsewhere, view } = cover(t, (host) => [
      { kind: 'bind', target: '/one', source: join(host, 'a') },
      { kind: 'bind', target: '/with a \\ and\n', source: join(host, 'b b'), readOnly: true },
      { kind: 'memory', target: '/tmp' },
      { kind: 'bind', target: '/tmp/below', source: join(host, 'a') },
      { kind: 'memory', target: '/other' },
    ]);
    t.is(error, undefined);
    t.deepEqual(mounts, [
      ': rw private',
      '/one: rw private',
      String.raw`/with\040a\040\134\040and\012: ro private`,
      '/tmp: rw private new',
      '/tmp/below: rw private',
      '/other: rw private new',
    ]);
    // What the test itself mounted.
    t.deepEqual(elsewhere, [[view], [view]]);
  },
);

mountTest(`the view's own database is on top of what covers it${skipped}`, (t) => {
  const { error, mounts, elsewhere, view } = cover(t, (host) => [
    { kind: 'bind', target: '/db', source: host },
    { kind: 'database', target: '/db/a' },
    { kind: 'bind', target: '/other', source: host },
    { kind: 'database', target: '/other/b b' },
  ]);
  t.is(error, undefined);
  t.deepEqual(mounts, [
    ': rw private',
    '/db: rw private',
    '/db/a: rw private',
    '/other: rw private',
    String.raw`/other/b\040b: rw private`,
  ]);
  t.deepEqual(elsewhere, [[view], [view]]);
});

mountTest(`what was only found may be gone, and what comes after it is mounted${skipped}`, (t) => {
  const { error, mounts } = cover(t, (host) => [
    { kind: 'bind', target: '/one', source: join(host, 'a') },
    { kind: 'bind', target: '/gone', source: join(host, 'none'), found: true },
    { kind: 'memory', target: '/tmp' },
    { kind: 'bind', target: '/tmp/gone', source: join(host, 'none'), found: true },
    { kind: 'bind', target: '/tmp/below', source: join(host, 'a') },
  ]);
  t.is(error, undefined);
  t.deepEqual(mounts, [': rw private', '/one: rw private', '/tmp: rw private new', '/tmp/below: rw private']);
});

mountTest(`that something found is gone does not hide what was asked for and failed${skipped}`, (t) => {
  const { error, cause, view } = cover(t, (host) => [
    { kind: 'bind', target: '/gone', source: join(host, 'none'), found: true },
    { kind: 'bind', target: '/one', source: join(host, 'none either') },
  ]);
  t.is(error, `${view}/one: cannot be mounted`);
  t.notRegex(cause ?? '', /\/gone/);
});

mountTest(`of several that cannot be mounted the first is named${skipped}`, (t) => {
  const { error, cause, view } = cover(t, (host) => [
    { kind: 'bind', target: '/one', source: join(host, 'a') },
    { kind: 'bind', target: '/b: b', source: join(host, 'none') },
    { kind: 'bind', target: '/other', source: join(host, 'none either') },
    { kind: 'memory', target: '/tmp' },
  ]);
  t.is(error, `${view}/b: b: cannot be mounted`);
  t.regex(cause ?? '', /none does not exist/);
  t.notRegex(cause ?? '', /none either/);
});

mountTest(
  `a command that is killed before it begins is what failed, not what was prepared for it${skipped}`,
  async (t) => {
    const place = writeTree(t, {});
    const kill = async (seen: string): Promise<void> => {
      const pid = Number(/^\/proc\/(\d+)\//.exec(seen)?.[1]);
      process.kill(pid, 'SIGKILL');
      while (existsSync(`/proc/${pid}/root/`)) await setTimeout(1);
      writeFileSync(join(seen, 'file'), '');
    };
    const { ready } = namespaces.spawnCovered(['true'], process.env, { place, covers: [], prepare: kill });
    await t.throwsAsync(ready, { code: 'COVER_FAILED' });
  },
);

mountTest(
  `the name of a namespace that is held is no other's when all in there have ended${skipped}`,
  async (t) => {
    const own = namespaces.mountNamespace('self');
    const start = async (): Promise<{ pid: number; name: string; end: () => Promise<unknown> }> => {
      const child = spawn('unshare', ['--mount', 'sleep', '1000'], { stdio: 'ignore' });
      t.teardown(() => child.kill('SIGKILL'));
      const pid = child.pid!;
      let name: string | undefined;
      await until(
        'it has its own',
        () => ![own, undefined].includes((name = namespaces.mountNamespace(pid))),
      );
      const ended = once(child, 'exit');
      return { pid, name: name!, end: () => (child.kill('SIGKILL'), ended) };
    };
    const first = await start();
    const held = namespaces.hold(first.pid);
    t.is(held?.name, first.name);
    await first.end();
    const others = await Promise.all(Array.from({ length: 10 }, start));
    t.false(others.some(({ name }) => name === first.name));
    held?.release();
    held?.release();
    for (const { end } of others) await end();
  },
);

mountTest(
  `the number of a filesystem that is held is no other's when it has been taken away${skipped}`,
  (t) => {
    const place = writeTree(t, { 'none/file': '' });
    const call = (...words: string[]) =>
      t.is(spawnSync(words[0]!, words.slice(1)).status, 0, words.join(' '));
    const deviceAt = (path: string) => mounter.mounts().find(({ mountpoint }) => mountpoint === path)?.device;
    const mountOne = (name: string): string => {
      const directory = join(place, name);
      mkdirSync(directory, { recursive: true });
      call('mount', '-t', 'tmpfs', 'lvfs-test', directory);
      t.teardown(() => spawnSync('umount', ['-l', directory]));
      return directory;
    };
    const first = mountOne('first');
    const device = deviceAt(first)!;
    t.is(mounter.hold(first, '0:0'), undefined);
    t.is(mounter.hold(join(place, 'none'), device), undefined);
    t.is(mounter.hold(join(place, 'nothing'), device), undefined);
    const held = mounter.hold(first, device);
    t.truthy(held);
    call('umount', '-l', first);
    t.is(deviceAt(first), undefined);
    const others = ['a', 'b', 'c', 'd', 'e'].map((name) => deviceAt(mountOne(name)));
    t.false(others.includes(device));
    held?.[Symbol.dispose]();
  },
);
