import test from 'ava';
import fc from '../../helpers/fastCheck.js';
import { contentsKind, scanContents } from '../../../src/portage/contents.js';
import { parseContents } from '../../helpers/wholeContents.js';

const sum = 'd41d8cd98f00b204e9800998ecf8427e';

function parse(text: string | Uint8Array) {
  return parseContents(typeof text === 'string' ? Buffer.from(text) : text);
}

/** A line and the one entry it stands for, without the parents. */
const readsAs = test.macro({
  exec(t, line: string, path: string, record: Record<string, string>) {
    const { entries, problems } = parse(`${line}\n`);
    t.deepEqual(problems, []);
    t.deepEqual([...entries].at(-1), [path, record] as never);
  },
  title: (_, line) => `the line ${JSON.stringify(line)} is understood`,
});

test(readsAs, 'dir /usr/bin', '/usr/bin', { type: 'dir' });
test(readsAs, 'fif /run/x/fifo', '/run/x/fifo', { type: 'fif' });
test(readsAs, 'dev /dev/null c 1 3', '/dev/null c 1 3', { type: 'dev' });
test(readsAs, `obj /usr/bin/foo ${sum} 17`, '/usr/bin/foo', { type: 'obj', mtime: '17', md5: sum });
test(readsAs, `obj /a b  c ${sum} 17`, '/a b  c', { type: 'obj', mtime: '17', md5: sum });
test(readsAs, 'obj /x - 0', '/x', { type: 'obj', mtime: '0', md5: '-' });
test(readsAs, 'sym /a -> b 17', '/a', { type: 'sym', mtime: '17', target: 'b' });
// The last arrow counts, as in Portage's greedy expression.
test(readsAs, 'sym /a -> b -> c 17', '/a -> b', { type: 'sym', mtime: '17', target: 'c' });
test(readsAs, 'sym /y -> -> t 17', '/y ->', { type: 'sym', mtime: '17', target: 't' });
test(readsAs, 'sym /l -> y -> 17', '/l', { type: 'sym', mtime: '17', target: 'y ->' });
// Links that were merged before 2005.
test(readsAs, 'sym /a -> b (41471, 12L, 770L, 1, 0, 0, 5L, 1131111111, 1132222222, 1133333333)', '/a', {
  type: 'sym',
  mtime: '1132222222',
  target: 'b',
});
// Paths are normalised without asking the host.
test(readsAs, 'dir //usr//./lib/../bin/', '/usr/bin', { type: 'dir' });
test(readsAs, 'dir usr/bin', '/usr/bin', { type: 'dir' });
test(readsAs, 'dir  /x', '/ /x', { type: 'dir' });
test(readsAs, 'dir /..', '/', { type: 'dir' });
test(readsAs, 'dir ../x', '/../x', { type: 'dir' });
test(readsAs, 'dir .', '/.', { type: 'dir' });
test(readsAs, 'dir /usr/..x/...', '/usr/..x/...', { type: 'dir' });

const isRefused = test.macro({
  exec(t, line: string, message = 'Unrecognized CONTENTS entry') {
    const { entries, problems } = parse(`dir /good\n${line}\ndir /better`);
    t.deepEqual([...entries.keys()], ['/good', '/better']);
    t.deepEqual(problems, [{ line: 2, message }]);
  },
  title: (_, line) => `the line ${JSON.stringify(line)} is reported and the lines around it are used`,
});

test(isRefused, '');
test(isRefused, 'dir');
test(isRefused, 'dir ');
test(isRefused, 'DIR /x');
test(isRefused, 'dir\t/x');
test(isRefused, 'blk /x');
test(isRefused, ' dir /x');
test(isRefused, 'obj /x');
test(isRefused, `obj /x ${sum}`);
test(isRefused, `obj ${sum} 17`);
test(isRefused, `obj /x ${sum}  17`);
test(isRefused, `obj /x ${sum} 1.5`);
test(isRefused, `obj /x ${sum} -1`);
test(isRefused, `obj /x ${sum} 17 `);
test(isRefused, 'obj /x a\u00a0b 17');
test(isRefused, 'sym /a');
test(isRefused, 'sym /a 17');
test(isRefused, 'sym /a -> b');
test(isRefused, 'sym /a ->  17');
test(isRefused, 'sym -> b 17');
test(isRefused, 'sym /a -> b (1, 2)');
test(isRefused, 'obj /x\0y - 17', 'Null byte found in CONTENTS entry');

test('a carriage return ends a line, alone or before a newline', (t) => {
  const { entries, problems } = parse('dir /a\r\ndir /b\rdir /c\n');
  t.deepEqual([...entries.keys()], ['/a', '/b', '/c']);
  t.deepEqual(problems, []);
});

test('parents are implied, and of a repeated path the last line counts', (t) => {
  const { entries } = parse('obj /a/b/c - 1\nsym /a/b/c -> d 2\n');
  t.deepEqual([...entries.keys()].sort(), ['/a', '/a/b', '/a/b/c']);
  t.deepEqual(entries.get('/a/b/c'), { type: 'sym', mtime: '2', target: 'd' });
});

test('the scanner hands over the bytes of a name that is not UTF-8', (t) => {
  const data = Buffer.from('obj /usr/caf\xe9 - 1\nsym //l\xe9 -> \xff 2\n', 'latin1');
  const seen: [number, string][] = [];
  scanContents(data, {
    entry({ kind, bytes, start, end }) {
      seen.push([kind, Buffer.from(bytes.subarray(start, end)).toString('latin1')]);
    },
    problem: () => t.fail(),
  });
  t.deepEqual(seen, [
    [contentsKind.obj, '/usr/caf\xe9'],
    [contentsKind.sym, '/l\xe9'],
  ]);
  t.deepEqual([...parse(data).entries.keys()], ['/usr', '/usr/caf\ufffd', '/l\ufffd']);
});

test('an empty file has no entries', (t) => {
  t.deepEqual(parse(''), { entries: new Map(), problems: [] });
});

/** One line as Portage's own expression takes it apart; ASCII is enough here. */
function byExpression(line: string): (string | undefined)[] | undefined {
  const match =
    /^(?:(dev|dir|fif) (.+)|(obj) (.+) (\S+) (\d+)|(sym) (.+) -> (.+) (\d+))$/.exec(line)?.slice(1) ??
    undefined;
  return match?.filter((group) => group !== undefined);
}

const odd = fc.array(
  fc.constantFrom(
    'obj',
    'sym',
    'dir',
    'fif',
    ' ',
    ' ',
    ' -> ',
    '->',
    '/',
    '/a',
    '/b',
    '17',
    'x',
    '.',
    '..',
    '\t',
    '-',
  ),
  { maxLength: 12 },
);

test('lines are taken apart as by the expression that Portage uses', (t) => {
  fc.assert(
    fc.property(odd, (parts) => {
      const line = parts.join('');
      const expected = byExpression(line);
      const data = Buffer.from(`${line}\n`);
      let got: string[] | undefined;
      scanContents(data, {
        entry({ kind, valueStart, valueEnd, timeStart, timeEnd }) {
          const name = Object.entries(contentsKind).find(([, number]) => number === kind)?.[0] ?? '';
          const rest = [
            data.toString('utf8', valueStart, valueEnd),
            data.toString('utf8', timeStart, timeEnd),
          ];
          got = [name, ...rest.filter((value) => value !== '')];
        },
        problem: () => undefined,
      });
      t.deepEqual(got, expected?.filter((_, index) => index !== 1) as never);
    }),
    { numRuns: 3000 },
  );
});

test('whatever the bytes are, every line is either an entry or a problem and paths are absolute', (t) => {
  fc.assert(
    fc.property(fc.array(fc.oneof(odd, fc.uint8Array({ maxLength: 30 })), { maxLength: 6 }), (chunks) => {
      const data = Buffer.concat(
        chunks.map((chunk) => Buffer.from(Array.isArray(chunk) ? chunk.join('') : chunk)),
      );
      let count = 0;
      scanContents(data, {
        entry({ bytes, start, end }) {
          count++;
          t.is(bytes[start], 0x2f);
          t.true(end > start);
        },
        problem() {
          count++;
        },
      });
      const lines = data.toString('latin1').replace(/\r\n?/g, '\n').split('\n');
      if (lines.at(-1) === '') lines.pop();
      t.is(count, lines.length);
    }),
  );
});
