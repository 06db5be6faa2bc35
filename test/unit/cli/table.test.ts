/** Tables line up as a terminal shows them. */
import test from 'ava';
import picocolors from 'picocolors';
import { table } from '../../../src/cli/table.js';

const plain = { colors: picocolors.createColors(false) };
const coloured = { colors: picocolors.createColors(true) };

test('columns are as wide as their contents, and the last is not padded', (t) => {
  const rows = [
    ['a', 'short'],
    ['longer', 'x'],
  ];
  t.is(table(['one', 'two'], rows, plain), 'one     two\na       short\nlonger  x');
  t.is(table(['one', 'two'], rows, plain, [0]), '   one  two\n     a  short\nlonger  x');
});

test('colours take no column, wide characters two, combining marks none', (t) => {
  const { red } = coloured.colors;
  t.is(table(['a', 'b'], [[red('xy'), 'z']], plain), `a   b\n${red('xy')}  z`);
  t.is(table(['abcd', 'b'], [['漢字', 'z']], plain), 'abcd  b\n漢字  z');
  t.is(table(['abcde', 'b'], [['cafe\u0301', 'z']], plain), 'abcde  b\ncafe\u0301   z');
});
