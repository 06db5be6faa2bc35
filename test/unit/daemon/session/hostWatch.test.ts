/** What is heard of changes on the host. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { HostWatch } from '../../../../src/daemon/session/hostWatch.js';
import { newWatchMemory, WatchedDirectories, WatchTable } from '../../../../src/filesystem/index.js';
import { DirectoryWatcher, systemProblem } from '../../../../src/system/index.js';
import { nodeState, rootNode, type HostChange, type IndexNode } from '../../../../src/view/index.js';
import { gentooRoot } from '../../../helpers/gentooRoot.js';
import { until } from '../../../helpers/lvfs.js';
import { nodeIn, openTestView } from '../../../helpers/withView.js';

const problem = process.platform === 'linux' ? systemProblem()?.message : 'inotify is of Linux';
const watchTest = problem === undefined ? test : test.skip;
const skipped = problem === undefined ? '' : ` (skipped: ${problem})`;

/** A view of a small root, with what is told of changes; `failing`: whoever is told fails. */
async function watched(t: ExecutionContext, failing = false) {
  const gentoo = await gentooRoot({
    packages: { 'app/one-1': { files: { '/opt/one/bin/program': '1', '/opt/one/lib/library': '2' } } },
  });
  const { view } = openTestView({ root: gentoo.root, visible: ['app/one-1'] });
  const told: string[] = [];
  const messages: string[] = [];
  const memory = newWatchMemory();
  const table = new WatchTable(memory);
  const changed = (changes: readonly HostChange[]): Promise<void> => {
    for (const { name, structural, replaced } of changes)
      told.push(
        [Buffer.from(name).toString(), structural ? 'other' : 'same', replaced ? 'moved' : '']
          .join(' ')
          .trim(),
      );
    return failing ? Promise.reject(new Error('no kernel')) : Promise.resolve();
  };
  const lost = (): Promise<void> => Promise.resolve(void told.push('everything'));
  const watch = HostWatch.open(view, table, { changed, lost }, (_, text) => messages.push(text));
  const watcher = watch && DirectoryWatcher.attach(watch.fd);
  if (watch === undefined || watcher === undefined) throw new Error('nothing can be watched');
  t.teardown(() => {
    watch.close();
    gentoo.cleanup();
  });
  const directories = new WatchedDirectories(view, memory, watcher);
  const nodeOf = (path: string): IndexNode => nodeIn(view, path);
  const isWatched = (path: string): boolean => (view.index.state[nodeOf(path)]! & nodeState.watched) !== 0;
  return { gentoo, table, directories, told, messages, nodeOf, isWatched };
}

watchTest(`names that come, go and change in a watched directory are told${skipped}`, async (t) => {
  const { gentoo, table, directories, told, nodeOf } = await watched(t);
  t.true(directories.isWatched(nodeOf('/opt/one/bin')));
  t.true(directories.isWatched(nodeOf('/opt/one/bin')), 'a second time costs nothing');
  t.is(table.count, 1);
  const before = directories.changes;
  writeFileSync(gentoo.path('/opt/one/bin/program'), 'changed');
  writeFileSync(gentoo.path('/opt/one/lib/library'), 'nobody has asked about this directory');
  writeFileSync(gentoo.path('/opt/one/bin/new'), '');
  await until('both are told', () => told.length > 1);
  t.deepEqual([...new Set(told)].sort(), ['new other', 'program same']);
  t.true(directories.changes > before, 'what serving threads know by heart is not believed any more');
});

watchTest(`a directory that is moved takes the watches below it with it${skipped}`, async (t) => {
  const { gentoo, directories, told, nodeOf, isWatched } = await watched(t);
  for (const path of ['/opt', '/opt/one', '/opt/one/bin', '/opt/one/lib'])
    t.true(directories.isWatched(nodeOf(path)));
  renameSync(gentoo.path('/opt/one'), gentoo.path('/opt/two'));
  mkdirSync(gentoo.path('/opt/one/bin'), { recursive: true });
  await until('it is told', () => told.includes('one other moved') && told.includes('two other'));
  t.true(isWatched('/opt'));
  t.deepEqual([isWatched('/opt/one'), isWatched('/opt/one/bin')], [false, false]);
  // What is there now is watched when somebody asks again.
  t.true(directories.isWatched(nodeOf('/opt/one/bin')));
});

watchTest(`when the root itself is gone nobody knows what has changed${skipped}`, async (t) => {
  const { gentoo, table, directories, told, nodeOf, isWatched } = await watched(t);
  t.true(directories.isWatched(rootNode));
  t.true(directories.isWatched(nodeOf('/opt/one/bin')));
  rmSync(gentoo.root, { recursive: true });
  await until('everything is told', () => told.includes('everything'));
  t.is(table.count, 0);
  t.false(isWatched('/opt/one/bin'));
});

watchTest(`a kernel that cannot be told is told of the next change all the same${skipped}`, async (t) => {
  const { gentoo, directories, told, messages, nodeOf } = await watched(t, true);
  t.true(directories.isWatched(nodeOf('/opt/one/bin')));
  writeFileSync(gentoo.path('/opt/one/bin/first'), '');
  await until('the first is told', () => messages.length > 0);
  writeFileSync(gentoo.path('/opt/one/bin/second'), '');
  await until('the second is told', () => told.includes('second other'));
  t.is(messages[0], 'a change on the host could not be told to the kernel: no kernel');
});
