import test from 'ava';
import { Windows } from '../../../src/base/index.js';

test('a part of a memory begins at its place, and is made once', (t) => {
  const memory = Buffer.from('head and body');
  const windows = new Windows(memory, 9);
  t.is(windows.of(4).toString(), 'body');
  t.is(windows.of(0).length, 0);
  t.is(windows.of(4), windows.of(4));
  memory.write('B', 9);
  t.is(windows.of(4).toString(), 'Body');
});

test('long parts are not kept', (t) => {
  const windows = new Windows(Buffer.alloc(5000, 'x'));
  t.is(windows.of(1024), windows.of(1024));
  t.not(windows.of(1025), windows.of(1025));
  t.is(windows.of(5000).length, 5000);
});
