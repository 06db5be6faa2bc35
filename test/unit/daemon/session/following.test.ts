import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Following } from '../../../../src/daemon/session/following.js';
import { until } from '../../../helpers/lvfs.js';

/** One that follows a database, and counts how often it was read. */
function following(
  t: ExecutionContext,
  database: string,
  reload: () => Promise<void> = () => Promise.resolve(),
) {
  const self = { reads: 0, messages: [] as string[] };
  const made = new Following(
    [database],
    () => {
      self.reads++;
      return reload();
    },
    (_, message) => self.messages.push(message),
  );
  t.teardown(() => made.close());
  return { self, made };
}

function database(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'lvfs-following-'));
  mkdirSync(join(directory, 'dev-libs'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  return directory;
}

test('while it rests nothing is read, and who asks waits for what was missed', async (t) => {
  const directory = database(t);
  const other = following(t, directory);
  other.made.start();
  let finish: (() => void) | undefined;
  const one = following(t, directory, () => new Promise((done) => (finish = done)));
  one.made.rest();
  const before = other.self.reads;
  mkdirSync(join(directory, 'dev-libs', 'foo-1'));
  await until('the other has seen it', () => other.self.reads > before);
  t.is(one.self.reads, 0);
  let answered = 0;
  const asked = [one.made.wake(), one.made.wake()].map((wake) => wake.then(() => answered++));
  t.is(one.self.reads, 1);
  await until('it reads', () => finish !== undefined);
  t.is(answered, 0);
  finish?.();
  await Promise.all(asked);
  t.is(one.self.reads, 1);
  // From then on it follows.
  mkdirSync(join(directory, 'dev-libs', 'bar-1'));
  await until('it has seen the next', () => one.self.reads > 1);
  finish?.();
});

test('who reads the database himself has it followed from then on', async (t) => {
  const directory = database(t);
  const one = following(t, directory);
  one.made.rest();
  mkdirSync(join(directory, 'dev-libs', 'foo-1'));
  one.made.resume();
  await one.made.wake();
  t.is(one.self.reads, 0);
  mkdirSync(join(directory, 'dev-libs', 'bar-1'));
  await until('it has seen the next', () => one.self.reads > 0);
  t.true(one.self.reads > 0);
});

test('one that follows has nothing to make up for, and what cannot be read is logged', async (t) => {
  const one = following(t, database(t), () => Promise.reject(new Error('no room')));
  one.made.resume();
  await one.made.wake();
  t.is(one.self.reads, 0);
  one.made.rest();
  await one.made.wake();
  t.regex(one.self.messages.join(), /after changes in .*: no room/);
});
