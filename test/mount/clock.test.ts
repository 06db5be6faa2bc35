/** The wall clock jumps by a day, forward and back: nothing that a view shows, keeps or records goes by it. */
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unlessRefused } from '../../src/base/index.js';
import { nothingLeft, withCommands } from '../helpers/commands.js';
import { until } from '../helpers/lvfs.js';
import { mountTest, skipped } from '../helpers/views.js';

const hook = new URL('../helpers/clockHook.js', import.meta.url).href;

mountTest(`a clock that jumps by a day with each look at it${skipped}`, async (t) => {
  const f = await withCommands(t, {}, { NODE_OPTIONS: `--import=${hook}` });
  const mountpoint = join(f.directory, 'mnt');
  mkdirSync(mountpoint);
  const lvfs = async (...args: string[]): Promise<string> => {
    const { status, stdout, stderr } = await f.lvfs(...args);
    t.is(status, 0, stderr);
    return stdout;
  };
  await lvfs('mount', '--no-binds', 'dev-libs/foo', mountpoint);
  const shown = (): string => readdirSync(join(mountpoint, 'opt')).join();
  t.is(shown(), 'bar,zlib');
  // What is written tomorrow, and yesterday, is seen now.
  const header = f.gentoo.path('/opt/bar/bar.h');
  const seen = (): string => unlessRefused(() => readFileSync(join(mountpoint, 'opt/bar/bar.h'), 'utf8'), '');
  for (const days of [1, -1]) {
    writeFileSync(header, `${days} days`);
    const then = Date.now() / 1000 + days * 86_400;
    utimesSync(header, then, then);
    await until(`${days} days`, () => seen() === `${days} days`, 60_000);
  }
  await lvfs('allow', mountpoint, 'dev-libs/hidden');
  t.is(shown(), 'bar,deep,hidden,zlib');
  await lvfs('deny', mountpoint, 'dev-libs/hidden');
  t.is(shown(), 'bar,zlib');
  // A merge is seen, and a configuration that changes within what was its time before.
  f.gentoo.install('dev-libs/bar-1', { files: { '/opt/bar/more.h': 'more' } });
  const headers = (): string => readdirSync(join(mountpoint, 'opt/bar')).join();
  await until('the merge is seen', () => unlessRefused(headers, '').includes('more.h'), 60_000);
  f.gentoo.write('/etc/portage/package.mask', 'dev-libs/other\n');
  await lvfs('retarget', mountpoint, 'dev-libs/foo');
  const { mounts } = JSON.parse(await lvfs('status', '--json', mountpoint)) as {
    mounts: { state: string }[];
  };
  t.deepEqual(
    mounts.map(({ state }) => state),
    ['serving'],
  );
  await lvfs('report', mountpoint);
  await lvfs('umount', mountpoint);
  await nothingLeft(t, f);
});
