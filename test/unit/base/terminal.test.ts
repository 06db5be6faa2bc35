import test from 'ava';
import { harmless } from '../../../src/base/index.js';

test('what acts on a terminal is a number, line ends and tabs stay', (t) => {
  t.is(harmless('a\x1b]0;title\x07\tb\n'), 'a\\x1b]0;title\\x07\tb\n');
  t.is(harmless('\u202egnp.exe'), '\\u202egnp.exe');
});

test('colours stay where they are used', (t) => {
  t.is(harmless('\x1b[1mbold', true), '\x1b[1mbold');
  t.is(harmless('\x1b[1mbold'), '\\x1b[1mbold');
  t.is(harmless('\x1b[2J', true), '\\x1b[2J');
});
