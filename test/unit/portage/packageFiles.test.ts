import test from 'ava';
import fc from '../../helpers/fastCheck.js';
import { makeCandidate } from '../../../src/portage/match.js';
import {
  AtomTable,
  nameOfAtom,
  readEntries,
  readLines,
  stack,
  words,
} from '../../../src/portage/packageFiles.js';
import { tryParseAtom } from '../../../src/portage/atom.js';
import { RootFiles } from '../../../src/portage/rootFiles.js';
import type { DataWarning } from '../../../src/portage/types.js';
import { writeTree } from '../../helpers/writeTree.js';

test('words are separated by any white space, also at the ends', (t) => {
  t.deepEqual(words(' a\tb \u00a0c\n'), ['a', 'b', 'c']);
  t.deepEqual(words(' '), []);
  t.deepEqual(words(undefined), []);
});

test('a list has its lines without comments, with file and line', (t) => {
  const root = writeTree(t, { list: '# x\n\n  a  b # c\n #d\ne #\nf#g\n' });
  const files = new RootFiles('/');
  t.deepEqual(
    readLines(files, `${root}/list`, false).map(({ text, line }) => [text, line]),
    [
      ['a b', 3],
      ['e', 5],
      ['f#g', 6],
    ],
  );
  t.deepEqual(readEntries(files, `${root}/list`, false)[0], {
    key: 'a',
    values: ['b'],
    file: `${root}/list`,
    line: 3,
  });
  t.deepEqual(readLines(files, `${root}/none`, true), []);
});

test('stacking removes what comes with a minus and keeps the place of what is added again', (t) => {
  t.deepEqual(stack([['a', 'b', 'c'], ['-b', 'a', 'd'], ['-none']]), ['a', 'c', 'd']);
  t.deepEqual(stack([['a'], ['-*', 'b']]), ['b']);
});

const named = test.macro({
  exec(t, text: string, name: string | undefined) {
    t.is(nameOfAtom(text), name);
  },
  title: (_, text: string) => `the name in ${text}`,
});
test(named, 'a/b', 'a/b');
test(named, 'a/b:0/1::r[x]', 'a/b');
test(named, '!!>=a/b-c-1.2_p3-r4:0', 'a/b-c');
test(named, '=a/b-1*', 'a/b');
test(named, '=a/b-1-2', 'a/b');
test(named, '=a/b-*9*', 'a/b');
test(named, '*/*', '*/*');
test(named, '=a/b', undefined);
test(named, 'ab', undefined);

test('where an atom is valid, its name is found without reading it as a whole', (t) => {
  const piece = fc.constantFrom(
    ...['a', 'b', '/', '-', '1', '.', 'r', '*', ':', '0', '=', '>', '~', '!', '[x]', '::g'],
  );
  const agrees = fc.property(
    fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
    (text) => {
      const atom = tryParseAtom(text, { allowWildcard: true, allowRepo: true, allowBuildId: true });
      return atom === undefined || nameOfAtom(text) === atom.cp;
    },
  );
  t.notThrows(() => fc.assert(agrees, { numRuns: 5000 }));
});

function table(lines: readonly string[], warnings: DataWarning[] = [], eager = false): AtomTable<string> {
  const made = new AtomTable<string>({
    allowWildcard: true,
    allowRepo: true,
    allowBuildId: true,
    eager,
    warn: (warning) => warnings.push(warning),
  });
  for (const [index, line] of lines.entries()) {
    const [key = '', ...values] = line.split(' ');
    made.add(key, values, 'file', index + 1);
  }
  return made;
}

const candidate = makeCandidate({ cpv: 'a/b-2.5', slot: '2/3', repo: 'r' });

const ordered = test.macro({
  exec(t, lines: readonly string[], values: readonly string[]) {
    t.truthy(candidate);
    if (candidate !== undefined) t.deepEqual(table(lines).bySpecificity(candidate).flat(), values);
  },
  title: (title) => `the more specific atom counts more: ${title}`,
});
test(
  'operators',
  ordered,
  ['=a/b-2.5 1', '=a/b-2* 3', '~a/b-2.5 2', 'a/b:2 4', '>=a/b-1 5', 'a/b 6'],
  [...'654321'],
);
test('wildcards are the least', ordered, ['=*/*-*5* 1', '*/*:2 2', '*/* 3', 'a/b 0'], [...'3210']);
test('of equal rank the first line', ordered, ['a/b:2 1', 'a/b:2/3 2'], [...'21']);
test('of two ranges the nearer bound', ordered, ['>=a/b-1 1', '>=a/b-2 2', '>=a/b-0 0'], [...'012']);
test('a range with the version itself', ordered, ['>=a/b-1 1', '>=a/b-2.5 2', '<a/b-9 3'], [...'312']);
test('equal atoms add up', ordered, ['a/b 1', 'a/b::r 2', 'a/b 3'], [...'2', '1', '3']);
test(
  'what does not match plays no part',
  ordered,
  ['a/b:3 1', '<a/b-2 2', 'a/c 3', 'a/b::s 4', '*/c* 5'],
  [],
);
test('a blocker is an atom like others', ordered, ['!a/b 1'], ['1']);

test('bad atoms are reported with their line: user files at once, others when they are asked for', (t) => {
  const lines = ['nothing x', '=a/b y', 'a/b[x] z', 'a/b ok', 'nothing again'];
  const eager: DataWarning[] = [];
  table(lines, eager, true);
  t.deepEqual(
    eager.map(({ file, line }) => [file, line]),
    [
      ['file', 1],
      ['file', 2],
      ['file', 3],
    ],
  );
  t.true(eager[2]?.message.includes("'a/b[x]'"));
  const lazy: DataWarning[] = [];
  const made = table(lines, lazy);
  t.is(lazy.length, 2);
  t.truthy(candidate);
  if (candidate !== undefined) t.deepEqual(made.bySpecificity(candidate), [['ok']]);
  t.is(lazy.length, 3);
});

test('values can be taken out again', (t) => {
  const made = table(['*/* x', '*/* y', 'a/b z']);
  t.deepEqual(made.take('*/*'), ['x', 'y']);
  t.is(made.take('*/*'), undefined);
  t.truthy(candidate);
  if (candidate !== undefined) t.deepEqual(made.bySpecificity(candidate), [['z']]);
});
