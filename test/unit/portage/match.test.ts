import test from 'ava';
import fc from '../../helpers/fastCheck.js';
import { evaluateUse, parseAtom } from '../../../src/portage/atom.js';
import {
  type Candidate,
  type CandidateFacts,
  makeCandidate,
  matchesAtom,
  matchesGlob,
  matchesName,
  splitSlot,
} from '../../../src/portage/match.js';

const set = (text: string): ReadonlySet<string> => new Set(text.split(' ').filter((word) => word !== ''));

function candidate(cpv: string, facts: Omit<CandidateFacts, 'cpv'> = {}): Candidate {
  const made = makeCandidate({ cpv, ...facts });
  if (made === undefined) throw new Error(`${cpv} is no package`);
  return made;
}

const selects = test.macro({
  exec(t, text: string, yes: string, no: string) {
    const atom = parseAtom(text, { allowWildcard: true });
    const matched = `${yes} ${no}`
      .trim()
      .split(' ')
      .map((cpv) => candidate(cpv))
      .filter((one) => matchesAtom(atom, one));
    t.deepEqual(
      matched.map((found) => found.package.cpv),
      [...set(yes)],
    );
  },
  title: (_, text: string, yes: string, no: string) => `${text} selects ${yes || 'nothing'} and not ${no}`,
});

test(selects, 'c/p', 'c/p-1 c/p-9999-r1', 'c/p-x-1 d/p-1 c/q-1');
test(selects, '=c/p-1.0', 'c/p-1.0 c/p-1.0-r0 c/p-1.00 c/p-01.0', 'c/p-1 c/p-1.0-r1');
test(selects, '~c/p-1.0', 'c/p-1.0 c/p-1.0-r3', 'c/p-1.00 c/p-1 c/p-1.0.0');
test(selects, '~c/p-1.0-r1', 'c/p-1.0 c/p-1.0-r1 c/p-1.0-r2', 'c/p-1.00');
test(selects, '>=c/p-2', 'c/p-2 c/p-2-r1 c/p-10 c/p-2_p', 'c/p-1 c/p-2_rc1 d/p-3');
test(selects, '>c/p-2', 'c/p-2-r1 c/p-2.0', 'c/p-2 c/p-2-r0 c/p-2_alpha');
test(selects, '<=c/p-2', 'c/p-2 c/p-1 c/p-2_rc', 'c/p-2-r1 c/p-3');
test(selects, '<c/p-2', 'c/p-1 c/p-2_rc', 'c/p-2 c/p-2-r0');
test(selects, '=c/p-1*', 'c/p-1 c/p-1.5 c/p-1-r1 c/p-1a c/p-1_p c/p-01.5', 'c/p-10 c/p-2 c/p-0.1');
test(selects, '=c/p-1.0-r1*', 'c/p-1.0-r1', 'c/p-1.0 c/p-1.0-r10');
test(selects, '=c/p-0*', 'c/p-0 c/p-0.5 c/p-00.5', 'c/p-05 c/p-1');
test(selects, '!!>=c/p-2', 'c/p-2', 'c/p-1');
test(selects, '*/p', 'c/p-1 d/p-1', 'c/pp-1');
test(selects, 'c*/*p*', 'c/p-1 cc/xpy-1', 'd/p-1 c/q-1');
test(selects, '=*/*-*9*', 'c/p-9999 d/q-1.9-r1 c/p-1-r9', 'c/p-1');
test(selects, '=c/p-1-2', '', 'c/p-1 c/p-2');

const fits = test.macro({
  exec(t, text: string, facts: Omit<CandidateFacts, 'cpv'>, expected: boolean) {
    t.is(matchesAtom(parseAtom(text), candidate('c/p-1', facts)), expected);
  },
  title: (_, text: string, facts: Omit<CandidateFacts, 'cpv'>, expected: boolean) => {
    const shown = Object.entries(facts).map(
      ([key, value]) => `${key}=${value instanceof Set ? [...value].join(',') : value}`,
    );
    return `${text} ${expected ? 'fits' : 'does not fit'} a package with ${shown.join(' ')}`;
  },
});

test(fits, 'c/p:0', {}, true);
test(fits, 'c/p:2', { slot: '2/3' }, true);
test(fits, 'c/p:2/3=', { slot: '2/3' }, true);
test(fits, 'c/p:2/3', { slot: '2/4' }, false);
test(fits, 'c/p:2/2', { slot: '2' }, true);
test(fits, 'c/p:=', { slot: '2/3' }, true);
test(fits, 'c/p:*', { slot: '2/3' }, true);
test(fits, 'c/p::r', { repo: 'r' }, true);
test(fits, 'c/p::r', { repo: 's' }, false);
test(fits, 'c/p::r', {}, true);
test(fits, '=c/p-1-2', { buildId: '2' }, true);

test(fits, 'c/p[x]', { iuse: set('x'), use: set('x') }, true);
test(fits, 'c/p[x]', { iuse: set('x') }, false);
test(fits, 'c/p[x]', { use: set('x') }, false);
test(fits, 'c/p[x]', { iuse: (flag: string) => flag === 'x', use: set('x') }, true);
test(fits, 'c/p[-x]', { iuse: set('x') }, true);
test(fits, 'c/p[-x]', { iuse: set('x'), use: set('x') }, false);
test(fits, 'c/p[-x]', {}, false);
test(fits, 'c/p[x(+)]', {}, true);
test(fits, 'c/p[x(+)]', { iuse: set('x') }, false);
test(fits, 'c/p[x(-)]', {}, false);
test(fits, 'c/p[-x(-)]', {}, true);
test(fits, 'c/p[-x(+)]', {}, false);
test(fits, 'c/p[x,-x]', { iuse: set('x'), use: set('x') }, false);
test(fits, 'c/p[x?]', { iuse: set('x') }, true);
test(fits, 'c/p[x?]', {}, false);
test(fits, 'c/p[x(-)?]', {}, true);

test('a conditional that is off still demands the flag, except in a blocker', (t) => {
  const off = new Set<string>();
  const bare = candidate('c/p-1');
  t.false(matchesAtom(evaluateUse(parseAtom('c/p[x?]'), off), bare));
  t.true(matchesAtom(evaluateUse(parseAtom('c/p[x?]'), off), candidate('c/p-1', { iuse: set('x') })));
  t.true(matchesAtom(evaluateUse(parseAtom('!c/p[x?]'), off), bare));
});

for (const [text, eapi, slot, subslot] of [
  ['0', '0', '0', '0'],
  ['1.2-x+', '8', '1.2-x+', '1.2-x+'],
  ['2/3', '8', '2', '3'],
  ['2/3', undefined, '2', '3'],
  ['2/3', '4', '0', '0'],
  ['', '8', '0', '0'],
  ['-1', '8', '0', '0'],
  ['1/', '8', '0', '0'],
  ['1/2/3', '8', '0', '0'],
  ['a b', '8', '0', '0'],
] as const) {
  test(`SLOT="${text}" in EAPI ${eapi} is ${slot}/${subslot}`, (t) => {
    t.deepEqual(splitSlot(text, eapi), { slot, subslot });
  });
}

test('what is no category/name-version makes no candidate', (t) => {
  for (const cpv of ['', 'p-1', 'c/p', 'c/-MERGING-p-1', 'c/p-1-2']) t.is(makeCandidate({ cpv }), undefined);
});

test('the halves of an extended atom match separately', (t) => {
  const atom = parseAtom('*b/c*', { allowWildcard: true });
  t.true(matchesName(atom, 'ab', 'cd'));
  t.false(matchesName(atom, 'ab', 'dc'));
  t.false(matchesName(parseAtom('a/b'), 'a', 'c'));
});

test('a pattern matches as the regular expression would', (t) => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '-') });
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '-', '*') });
  fc.assert(
    fc.property(pattern, text, (glob, name) => {
      t.is(matchesGlob(glob, name), new RegExp(`^${glob.replace(/\*+/g, '.*')}$`).test(name));
    }),
    { numRuns: 3000 },
  );
  t.true(matchesGlob('*a'.repeat(500), 'a'.repeat(20_000)));
  t.false(matchesGlob(`${'*a'.repeat(500)}*b`, 'a'.repeat(20_000)));
});
