import test from 'ava';
import fc from '../../helpers/fastCheck.js';
import { comparePackages, compareVersions, splitCpv } from '../../../src/portage/version.js';

const huge = '9'.repeat(40);

const stands = test.macro({
  exec(t, a: string, order: '<' | '=' | '>', b: string) {
    const sign = { '<': -1, '=': 0, '>': 1 }[order];
    t.is(compareVersions(a, b), sign);
    t.is(compareVersions(b, a), sign === 0 ? 0 : -sign);
  },
  title: (_, a, order, b) => `${a} ${order} ${b}`,
});

// PMS 3.3, algorithms 3.1 to 3.7, in their order.
test(stands, '1', '<', '2');
test(stands, '9', '<', '10');
test(stands, '01', '=', '1');
test(stands, `${huge}8`, '<', `${huge}9`);
test(stands, '1.2', '<', '1.10');
test(stands, '1', '<', '1.0');
test(stands, '1.0', '=', '1.00');
test(stands, '1.01', '=', '1.010');
test(stands, '1.01', '<', '1.1');
test(stands, '1.09', '<', '1.1');
test(stands, '1.2b', '<', '1.2.1');
test(stands, '1a', '<', '1.0');
test(stands, '1', '<', '1a');
test(stands, '1a', '<', '1b');
test(stands, '1_alpha', '<', '1_beta');
test(stands, '1_beta', '<', '1_pre');
test(stands, '1_pre', '<', '1_rc');
test(stands, '1_rc9', '<', '1');
test(stands, '1', '<', '1_p');
test(stands, '1_p', '=', '1_p0');
test(stands, '1_p', '=', '1_p00');
test(stands, '1_p9', '<', '1_p10');
test(stands, '1_rc1_p', '>', '1_rc1');
test(stands, '1_rc1_alpha', '<', '1_rc1');
test(stands, '1', '=', '1-r0');
test(stands, '1-r1', '=', '1-r01');
test(stands, '1-r9', '<', `1-r${huge}`);

for (const text of ['1', '1.2.3a_alpha1_p-r3', '0_p', '9999-r0', '00.00']) {
  test(`${text} is a version`, (t) => t.not(compareVersions(text, '1'), undefined));
}
for (const text of [
  '',
  '.1',
  '1.',
  '1..2',
  '1ab',
  '1A',
  '1_',
  '1_x',
  '1_p-',
  '1-r',
  '1-1',
  '1-r1-r2',
  ' 1',
  '1\n',
  '٠',
  'a',
]) {
  test(`${JSON.stringify(text)} is no version`, (t) => {
    t.is(compareVersions(text, '1'), undefined);
  });
}

test('equal strings compare as equal even when they are no versions', (t) => {
  t.is(compareVersions('x', 'x'), 0);
});

const splits = test.macro({
  exec(t, cpv: string, name: string, version: string, upstream: string, revision: string) {
    t.like(splitCpv(cpv), { cpv, cp: `c-x/${name}`, category: 'c-x', name, version, upstream, revision });
  },
  title: (_, cpv) => `${cpv} is a package with version`,
});
test(splits, 'c-x/foo-1', 'foo', '1', '1', '0');
test(splits, 'c-x/foo-1-r0', 'foo', '1-r0', '1', '0');
test(splits, 'c-x/foo-bar-1.0_p1-r2', 'foo-bar', '1.0_p1-r2', '1.0_p1', '2');
test(splits, 'c-x/log4j-12-api-2.0', 'log4j-12-api', '2.0', '2.0', '0');
test(splits, 'c-x/foo--1', 'foo-', '1', '1', '0');
test(splits, 'c-x/9base-9999', '9base', '9999', '9999', '0');

for (const text of [
  'foo-1',
  'c/foo',
  'c/foo-1-2',
  'c/foo-1-r1-2',
  'c/-1',
  'c/+a-1',
  '-c/a-1',
  'c/a/b-1',
  'c/a-r1',
  'c/a.b-1',
  '',
]) {
  test(`${JSON.stringify(text)} is no package with version`, (t) => t.is(splitCpv(text), undefined));
}

test('packages are ordered by version, and by text where versions are equal', (t) => {
  const sorted = ['a/b-1-r0', 'a/b-10', 'a/b-1', 'a/a-3', 'a/b-9']
    .map((cpv) => splitCpv(cpv)!)
    .sort(comparePackages);
  t.deepEqual(
    sorted.map((split) => split.cpv),
    ['a/a-3', 'a/b-1', 'a/b-1-r0', 'a/b-9', 'a/b-10'],
  );
});

const digits = fc.oneof(
  fc.constantFrom('0', '1', '00', '01', '10', '010', '9', huge),
  fc.stringMatching(/^[0-9]{1,4}$/),
);
const suffix = fc
  .tuple(fc.constantFrom('_alpha', '_beta', '_pre', '_rc', '_p'), fc.option(digits, { nil: '' }))
  .map((parts) => parts.join(''));
const version = fc
  .tuple(
    fc.array(digits, { minLength: 1, maxLength: 4 }),
    fc.constantFrom('', '', 'a', 'b'),
    fc.array(suffix, { maxLength: 2 }),
    fc.option(digits, { nil: undefined }),
  )
  .map(([n, letter, s, r]) => `${n.join('.')}${letter}${s.join('')}${r === undefined ? '' : `-r${r}`}`);

test('comparison is a total preorder', (t) => {
  fc.assert(
    fc.property(version, version, version, (a, b, c) => {
      const ab = compareVersions(a, b)!;
      const bc = compareVersions(b, c)!;
      const ac = compareVersions(a, c)!;
      t.is(ab + compareVersions(b, a)!, 0);
      if (ab <= 0 && bc <= 0) t.is(ac, ab === 0 && bc === 0 ? 0 : -1, `${a} ${b} ${c}`);
    }),
    { numRuns: 3000 },
  );
});

test('no string makes comparing or splitting throw, and very long ones are answered', (t) => {
  const answered = fc.property(fc.string({ unit: fc.constantFrom(...'01.-_ra/p*\n') }), (text) => {
    compareVersions(text, '1');
    splitCpv(`a/${text}`);
  });
  t.notThrows(() => fc.assert(answered));
  for (const part of ['1', '1.', '1_p', '1-', 'a-1', '-r1']) {
    const long = part.repeat(300_000);
    t.notThrows(() => compareVersions(long, `${long}1`), part);
    t.notThrows(() => splitCpv(`a/b-${long}`), part);
  }
});
