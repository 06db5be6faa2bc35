import test from 'ava';
import { Readers } from '../../../src/filesystem/index.js';
import { nodeAt, PathIndex } from '../../../src/view/index.js';

const index = PathIndex.create();
const [one, two] = [nodeAt(3), nodeAt(4)];

test('who read what is the same for all threads, and nobody knows of what was not read', (t) => {
  const here = Readers.create(index);
  const there = new Readers(here.shared);
  here.note(one, 7);
  t.is(there.of(one), 7);
  t.is(there.of(two), 0);
  there.clear(100);
  t.is(here.of(one), 0);
});

test('uses are counted up to 255, and forgotten from one node to another', (t) => {
  const readers = Readers.create(index);
  for (let i = 0; i < 300; i++) readers.tell(one);
  readers.tell(two);
  t.deepEqual([readers.told(one), readers.told(two)], [255, 1]);
  readers.forgetTold(one, two);
  t.deepEqual([readers.told(one), readers.told(two)], [0, 1]);
});

test('what the index has no room for is not noted', (t) => {
  const readers = new Readers(new SharedArrayBuffer(10 * 5));
  readers.note(nodeAt(10), 7);
  readers.tell(nodeAt(10));
  t.deepEqual([readers.of(nodeAt(10)), readers.told(nodeAt(10))], [0, 0]);
});
