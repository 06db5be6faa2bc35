import test from 'ava';
import { expandBraces, globMatcher, literalGlob } from '../../../src/view/glob.js';
import { GlobSet } from '../../../src/view/globs.js';

const matches = test.macro({
  exec(t, glob: string, yes: readonly string[], no: readonly string[]) {
    const set = new GlobSet([glob]);
    for (const path of yes) t.true(set.matches(path), path);
    for (const path of no) t.false(set.matches(path), path);
  },
  title: (_, glob) => `what ${glob} matches`,
});
test(matches, '/usr/lib/x', ['/usr/lib/x'], ['/usr/lib/xy', '/usr/lib', '/usr/lib/x/y']);
test(matches, '/usr/*/x', ['/usr/a/x', '/usr/.a/x'], ['/usr/x', '/usr/a/b/x']);
test(matches, '/usr/**/x', ['/usr/x', '/usr/a/x', '/usr/a/b/x'], ['/usr/a/xx', '/usr/a/x/b']);
test(matches, '/usr/**', ['/usr/a', '/usr/a/.b'], ['/usrx', '/us']);
test(matches, '/a/l?b*.s[ao]', ['/a/lib.so', '/a/lxb1.sa'], ['/a/lb.so', '/a/lib.si', '/a/l/b.so']);
test(matches, '/a/[!b-d]', ['/a/a', '/a/e', '/a/-'], ['/a/b', '/a/c', '/a/d', '/a/ae']);
test(matches, '/a/[]x-]', ['/a/]', '/a/x', '/a/-'], ['/a/y']);
test(matches, '/a/[b', ['/a/[b'], ['/a/b']);
test(matches, '/a/{b,c/d,}e', ['/a/be', '/a/c/de', '/a/e'], ['/a/ce', '/a/b']);
test(matches, '/{a,b{c,d}}/e', ['/a/e', '/bc/e', '/bd/e'], ['/b/e', '/bcd/e']);
test(matches, '/{a}/b', ['/{a}/b'], ['/a/b']);
test(matches, '/{a/*', ['/{a/x'], ['/a/x']);
test(matches, String.raw`/a/\{b,c\}\*`, ['/a/{b,c}*'], ['/a/b*', '/a/{b,c}x']);
test(matches, '/[{,}]/{b,c}', ['/{/b', '/,/c', '/}/b'], ['/b/b']);
test(matches, '*.pyc', ['/x.pyc', '/a/b/x.pyc'], ['/a.pyc/b']);
test(matches, '/a/', ['/a'], ['/a/b']);
// A letter of two bytes is two of them.
test(matches, '/ü/??', ['/\xc3\xbc/ab'], ['/\xc3\xbc/a']);

test('a path is its own literal glob', (t) => {
  for (const path of ['/a(b)/[c]{d,e}', String.raw`/x\y*?!`, '/plain'])
    t.true(globMatcher(literalGlob(path))(path));
});

/** The parts of a pattern, and what each is as a regular expression. */
const parts = new Map([
  ['a', 'a'],
  ['b', 'b'],
  ['*', '[^/]*'],
  ['?', '[^/]'],
  ['[ab]', '[ab]'],
  ['[!a]', '[^a/]'],
  ['{a,b}', '(?:a|b)'],
  ['{ab,b*}', '(?:ab|b[^/]*)'],
]);

test('globs of short names match as regular expressions do', (t) => {
  let seed = Number(process.env['LVFS_SEED'] ?? 1);
  const below = (limit: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return (seed >> 8) % limit;
  };
  const upTo = <T>(most: number, make: () => T): T[] => Array.from({ length: 1 + below(most) }, make);
  const name = (): string => upTo(3, () => 'abc'[below(3)] ?? '').join('');
  const part = (): string => [...parts.keys()][below(parts.size)] ?? '';
  let matched = 0;
  for (let i = 0; i < 3000; i += 1) {
    // Two stars beside each other would be a component of its own.
    const component = () =>
      below(4) === 0 ? ['**'] : upTo(4, part).filter((one, n, all) => one !== all[n - 1]);
    const components = upTo(4, component);
    const match = expandBraces(components.map((one) => `/${one.join('')}`).join('')).map(globMatcher);
    const expected = new RegExp(
      `^${components.map((one) => (one[0] === '**' ? '(?:/[^/]+)*' : `/${one.map((text) => parts.get(text)).join('')}`)).join('')}$`,
    );
    for (const path of Array.from({ length: 20 }, () => upTo(4, () => `/${name()}`).join(''))) {
      const matches = expected.test(path);
      if (matches) matched += 1;
      t.is(
        match.some((one) => one(path)),
        matches,
        `${String(expected)} ${path}`,
      );
    }
  }
  t.true(matched > 1000, `${matched} matched`);
});

test('no glob takes for ever, or all memory', (t) => {
  const long = 'a'.repeat(255);
  t.false(globMatcher(`/${'*a'.repeat(120)}b`)(`/${long}`));
  t.false(globMatcher(`/${'**/a/'.repeat(400)}b`)('/a'.repeat(2000)));
  t.false(globMatcher(`/${'**/*a*a*a/'.repeat(100)}b`)(`/${long}`.repeat(16)));
  const many = { code: 'GLOB', exit: 2 };
  t.like(
    t.throws(() => new GlobSet([`/${'{a,b}'.repeat(40)}`])),
    many,
  );
  t.like(
    t.throws(() => new GlobSet([`/${'{a,b,'.repeat(40)}${'}'.repeat(40)}{${'a,'.repeat(1000)}}`])),
    many,
  );
  t.false(new GlobSet(['/' + '{'.repeat(4000)]).matches('/x'));
  t.false(new GlobSet(['/' + '[['.repeat(2000)]).matches('/x'));
  t.like(
    t.throws(() => new GlobSet(['/' + 'a'.repeat(100_000)])),
    many,
  );
});
