/** What `lvfs watch` shows. */
import picocolors from 'picocolors';
import test from 'ava';
import type { Denial } from '../../../src/audit/index.js';
import { askedInShared, Board } from '../../../src/cli/watch/board.js';
import { drawBoard, drawText, wrapped } from '../../../src/cli/watch/drawing.js';
import { textWidth } from '../../../src/cli/table.js';
import { pkgs } from '../../helpers/installed.js';

const denial = (path: string, owners: string[], more: Partial<Denial> = {}): Denial => ({
  ...{
    time: 1,
    path,
    owners: pkgs(...owners),
    operation: 'open',
    pid: 1,
    comm: 'cc',
    cmdline: 'cc',
    phase: 'compile',
    package: '',
  },
  ...{ count: 1, directory: false, visible: false, wanted: '', last: 1, processes: [1], asked: [1] },
  ...more,
});

const board = (...denials: Denial[]): Board => {
  const made = new Board(['dev-libs/foo-1'], []);
  for (const one of denials) made.add(one);
  return made;
};

const names = (of: Board): string[] => of.groups.map(({ name }) => name);

test('denials are grouped by package, the strongest first, and of equal ones the newest', (t) => {
  const made = board(
    denial('/usr/include/a.h', ['x/a-1'], { last: 5 }),
    denial('/usr/include/b.h', ['x/b-1'], { last: 7 }),
    denial('/usr/share/c', ['x/c-1'], { operation: 'stat', last: 9 }),
    denial('/usr/bin/d', ['x/d-1'], { operation: 'exec', last: 1 }),
    denial('/usr/include/a2.h', ['x/a-1'], { last: 6, phase: 'configure', comm: 'sh' }),
    denial('/usr/include', ['x/b-1'], { operation: 'list', last: 99 }),
    denial('/usr/include/seen.h', ['x/e-1'], { visible: true }),
    denial('/usr/local/bin/d', [], { operation: 'exec', last: 100 }),
    denial('/usr/share/shared', ['x/1-1', 'x/2-1', 'x/3-1', 'x/4-1'], { last: 50 }),
  );
  t.deepEqual(names(made), ['x/d', 'x/b', 'x/a', 'x/c', '/usr/local/bin/d', '/usr/share/shared']);
  const group = made.groups.find(({ name }) => name === 'x/a');
  t.like(group, {
    paths: 2,
    phases: ['compile', 'configure'],
    processes: ['cc', 'sh'],
    last: 6,
    state: 'hidden',
  });
});

test('a directory of many packages says nothing, what was asked for below it may', (t) => {
  const many = ['x/1-1', 'x/2-1', 'x/3-1', 'x/4-1'];
  const path = '/usr/share/vala';
  const wanted = '/usr/share/vala/vapi/a.vapi';
  t.is(askedInShared(denial(path, many, { directory: true, wanted })), wanted);
  t.is(askedInShared(denial(path, many, { directory: true })), undefined);
  t.is(askedInShared(denial(path, ['x/1-1'], { directory: true, wanted })), undefined);
  t.is(askedInShared(denial(path, [], { wanted })), undefined);
  const shown = (...owners: string[]): string =>
    drawBoard({
      title: 'foo',
      board: board(denial(path, owners)),
      chosen: 0,
      message: '',
      size: { columns: 80, rows: 24 },
      colors: picocolors.createColors(false),
    }).join('\n');
  t.regex(shown(...many), /usr\/share\/vala +1 several packages/);
  t.regex(shown(), /usr\/share\/vala +1 no package/);
});

test('one phase after the other, and then all', (t) => {
  const made = board(
    denial('/a', ['x/a-1'], { phase: 'configure' }),
    denial('/b', ['x/b-1']),
    denial('/c', ['x/c-1'], { phase: '' }),
  );
  const seen: string[][] = [];
  for (let i = 0; i < 4; i++) {
    made.nextPhase();
    seen.push(names(made));
  }
  t.deepEqual(seen, [['x/a'], ['x/b'], ['x/c'], ['x/a', 'x/b', 'x/c']]);
});

test('rules of the configuration hold, and those that are made', (t) => {
  const made = new Board(
    ['dev-libs/foo-1'],
    [
      { package: 'x/a', reason: 'r' },
      { package: 'x/b', path: '/usr/*', reason: 'r' },
      { package: 'x/c', target: 'dev-libs/other', reason: 'r' },
      { path: '/opt/**', reason: 'r' },
    ],
  );
  for (const one of [
    denial('/a', ['x/a-1']),
    denial('/usr/b', ['x/b-1']),
    denial('/b', ['x/b-1']),
    denial('/c', ['x/c-1']),
    denial('/opt/x/y', []),
  ])
    made.add(one);
  t.deepEqual(names(made), ['x/b', 'x/c']);
  made.ignore(made.groups[0]!, 'of no use');
  t.deepEqual(names(made), ['x/c']);
  t.deepEqual(made.ignored, [{ package: 'x/b', target: 'dev-libs/foo', reason: 'of no use' }]);
});

const colors = picocolors.createColors(false);

test('every line fits, whatever is in it and however small the terminal is', (t) => {
  const made = board(
    ...Array.from({ length: 40 }, (_, i) =>
      denial(`/usr/share/${'深い'.repeat(i)}`, [`cat${i}/${'name'.repeat(i)}-1`], {
        comm: 'x\x1b[2J',
        last: i,
      }),
    ),
  );
  for (const size of [
    { columns: 80, rows: 24 },
    { columns: 20, rows: 6 },
    { columns: 200, rows: 60 },
  ]) {
    const picture = {
      title: 'dev-libs/foo-1',
      board: made,
      chosen: 39,
      message: 'm'.repeat(300),
      size,
      colors,
    };
    const lines = drawBoard(picture);
    t.is(lines.length, size.rows);
    for (const line of lines) {
      t.true(textWidth(line) <= size.columns, line);
      t.false(line.includes('\x1b'), line);
    }
    t.is(lines.filter((line) => line.startsWith('>')).length, 1, 'what is chosen is seen');
    for (const line of drawText(['ä'.repeat(500), 'words '.repeat(80)], 0, { size, colors }))
      t.true(textWidth(line) <= size.columns);
  }
});

test('texts are divided between words, and keep their indent', (t) => {
  t.deepEqual(wrapped(['  one two three', '', 'abcdefghijkl'], 9), [
    '  one two',
    '  three',
    '',
    'abcdefghi',
    'jkl',
  ]);
});

test('what is too long is cut where it tells least, and how to leave is always said', (t) => {
  const made = board(
    denial('/usr/include/deep/way/down/in/the/tree/of/headers/that/goes/on/file.h', ['x/a-1']),
    denial('/usr/share/a', ['x/a-1'], { operation: 'stat', phase: 'install', comm: 'ld' }),
  );
  const drawn = (columns: number): string[] =>
    drawBoard({
      ...{ title: 'dev-libs/foo-1', board: made, chosen: 0, message: '' },
      ...{ size: { columns, rows: 8 }, colors },
    });
  const line = drawn(80).find((one) => one.startsWith('>')) ?? '';
  t.regex(line, /\/usr\/incl\S*…\/file\.h /);
  t.regex(line, / compile \+1 +cc \+1/);
  for (const columns of [20, 40, 60, 80])
    t.regex(drawn(columns).at(-1) ?? '', /q quit/, `${columns} columns`);
});
