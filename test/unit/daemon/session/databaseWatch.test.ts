import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { watchDatabase } from '../../../../src/daemon/session/databaseWatch.js';
import { until } from '../../../helpers/lvfs.js';

/** A database of two categories made long ago, and a count of the calls. */
function watched(t: ExecutionContext, changed: (calls: number) => Promise<void> = () => Promise.resolve()) {
  const directory = mkdtempSync(join(tmpdir(), 'lvfs-watch-'));
  for (const category of ['dev-libs', 'sys-libs']) {
    mkdirSync(join(directory, category));
    utimesSync(join(directory, category), 1, 1);
  }
  utimesSync(directory, 1, 1);
  const self = { directory, calls: 0, messages: [] as string[] };
  const watch = watchDatabase(
    directory,
    () => changed(++self.calls),
    (_, message) => self.messages.push(message),
  );
  t.teardown(() => {
    watch.close();
    rmSync(directory, { recursive: true });
  });
  return self;
}

/** As Portage merges: into a temporary directory, then renamed. */
function merge(directory: string, cpv: string): void {
  const [category = '', pf = ''] = cpv.split('/');
  const temporary = join(directory, category, `-MERGING-${pf}`);
  mkdirSync(temporary, { recursive: true });
  writeFileSync(join(temporary, 'CONTENTS'), '');
  renameSync(temporary, join(directory, cpv));
}

test('a merge is reported when it is done', async (t) => {
  const db = watched(t);
  mkdirSync(join(db.directory, 'dev-libs', '-MERGING-slow-1'));
  writeFileSync(join(db.directory, 'dev-libs', '.bar.portage_lockfile'), '');
  merge(db.directory, 'dev-libs/foo-1');
  await until('it is reported', () => db.calls > 0);
  t.is(db.calls, 1);
});

test('a package of a new category is reported, and so is the next one in it', async (t) => {
  const db = watched(t);
  merge(db.directory, 'new/foo-1');
  await until('it is reported', () => db.calls > 0);
  const before = db.calls;
  merge(db.directory, 'new/foo-2');
  await until('the next is reported', () => db.calls > before);
  t.true(db.calls > before);
});

test('a removal is reported', async (t) => {
  const db = watched(t);
  merge(db.directory, 'dev-libs/foo-1');
  await until('the merge is reported', () => db.calls > 0);
  const before = db.calls;
  rmSync(join(db.directory, 'dev-libs/foo-1'), { recursive: true });
  await until('the removal is reported', () => db.calls > before);
  t.true(db.calls > before);
});

test('what happens during a report causes another one, and reports never overlap', async (t) => {
  let running = 0;
  let overlaps = 0;
  let finish: (() => void) | undefined;
  const db = watched(t, async (calls) => {
    running++;
    if (running > 1) overlaps++;
    if (calls === 1) await new Promise<void>((done) => (finish = done));
    running--;
  });
  let seen = 0;
  const other = watchDatabase(
    db.directory,
    () => {
      seen++;
      return Promise.resolve();
    },
    () => undefined,
  );
  t.teardown(() => other.close());
  merge(db.directory, 'dev-libs/foo-1');
  await until('the first report began', () => finish !== undefined && seen > 0);
  merge(db.directory, 'sys-libs/bar-1');
  // By then the second one is asked for, while the first goes on.
  await until('another watch has reported the second', () => seen > 1);
  t.is(db.calls, 1);
  finish?.();
  await until('a second report', () => db.calls === 2);
  t.is(overlaps, 0);
});

test('a report that fails is logged and the next one comes all the same', async (t) => {
  const db = watched(t, (calls) => (calls === 1 ? Promise.reject(new Error('broken')) : Promise.resolve()));
  merge(db.directory, 'dev-libs/foo-1');
  await until('the first report', () => db.calls === 1);
  merge(db.directory, 'dev-libs/foo-2');
  await until('the second report', () => db.calls === 2);
  t.deepEqual(db.messages, [`after a change in ${db.directory}: broken`]);
});

test('a database that changed after this process started is reported at once', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'lvfs-watch-'));
  let calls = 0;
  const watch = watchDatabase(
    directory,
    () => {
      calls++;
      return Promise.resolve();
    },
    () => undefined,
  );
  t.teardown(() => {
    watch.close();
    rmSync(directory, { recursive: true });
  });
  await until('it is reported', () => calls > 0);
  t.true(calls > 0);
});

test('a database that is not there is no failure', (t) => {
  const messages: string[] = [];
  const watch = watchDatabase(
    '/no/such/database',
    () => Promise.resolve(),
    (_, message) => messages.push(message),
  );
  watch.close();
  t.deepEqual(messages, []);
});
