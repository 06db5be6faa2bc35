import test from 'ava';
import { needed, part, probed } from '../../helpers/judging.js';
import {
  judge,
  line,
  packageName,
  suggestion,
  summary,
  totals,
  type Expectation,
  type Judgement,
  type Report,
} from '../../verdict/judge.js';

const forgets: Expectation = {
  package: ['dev-libs/foo', 'virtual/foo'],
  variable: ['DEPEND'],
  status: 29,
  unseen: false,
  alsoOk: ['dev-libs/fair'],
};
const correct: Expectation = {
  package: [],
  variable: [],
  status: 0,
  unseen: false,
  alsoOk: ['dev-libs/fair'],
};

const judged = test.macro(
  (
    t,
    expect: Expectation,
    report: Report,
    status: number | 'time-out',
    right: Partial<Judgement>,
    compared: boolean = false,
  ) => {
    t.like(part(judge(expect, report, status, compared)), right);
  },
);

test('the package first, as needed, passes', judged, forgets, { missing: [needed('dev-libs/foo')] }, 29, {
  found: 'first',
  variableRight: true,
  wrong: [],
  pass: true,
});
test(
  'what is suggested counts beside the owner: a virtual',
  judged,
  forgets,
  { missing: [{ cpv: 'dev-libs/real-1', suggest: 'DEPEND="virtual/foo"', certainty: 'needed' }] },
  29,
  { found: 'first', pass: true },
);
test(
  'behind what is fair it is still the first',
  judged,
  forgets,
  { missing: [needed('dev-libs/fair'), needed('dev-libs/foo')] },
  29,
  { found: 'first', wrong: [], pass: true },
);
test(
  'behind something else it is later, and that is wrong',
  judged,
  forgets,
  { missing: [needed('dev-libs/other'), needed('dev-libs/foo')] },
  29,
  { found: 'later', wrong: ['missing DEPEND dev-libs/other'], pass: false },
);
test(
  'something wrong behind it leaves it the first, and fails',
  judged,
  forgets,
  { missing: [needed('dev-libs/foo'), probed('dev-libs/other')] },
  29,
  { found: 'first', wrong: ['lookedFor DEPEND dev-libs/other'], pass: false },
);
test(
  'only looked for is weak when the build failed',
  judged,
  forgets,
  { missing: [probed('dev-libs/foo')] },
  29,
  { found: 'weak', pass: false },
);
test(
  'only looked for is enough when it did not',
  judged,
  { ...forgets, status: 30 },
  { missing: [probed('dev-libs/foo')] },
  30,
  { found: 'first', pass: true },
);
test('the wrong variable fails', judged, forgets, { missing: [needed('dev-libs/foo', 'BDEPEND')] }, 29, {
  found: 'first',
  variableRight: false,
  pass: false,
});
test('not named', judged, forgets, { missing: [] }, 29, { found: 'no', variableRight: null, pass: false });
test('the wrong status fails', judged, forgets, { missing: [needed('dev-libs/foo')] }, 0, {
  found: 'first',
  statusRight: false,
  pass: false,
});
test(
  'second-hand use of its own is a finding',
  judged,
  { ...forgets, status: 30 },
  { secondHand: [{ cpv: 'dev-libs/foo-1', suggest: 'DEPEND="dev-libs/foo"', use: 'direct' }] },
  30,
  { found: 'first', pass: true },
);
test(
  'second-hand use through other packages accuses nobody',
  judged,
  correct,
  { secondHand: [{ cpv: 'dev-libs/foo-1', suggest: 'DEPEND="dev-libs/foo"', use: 'through' }] },
  0,
  { found: '-', wrong: [], pass: true },
);
test(
  'a correct ebuild may be said to have looked for what is fair',
  judged,
  correct,
  { missing: [probed('dev-libs/fair')] },
  0,
  { wrong: [], pass: true },
);
test('nothing named, but 30', judged, correct, {}, 30, { statusRight: false, pass: false });
test(
  'a declared dependency is called unused',
  judged,
  correct,
  { unused: [{ atom: '>=dev-libs/used-2:0', cpv: 'dev-libs/used-2.1', variable: 'DEPEND' }] },
  0,
  { wrong: ['unused DEPEND >=dev-libs/used-2:0'], pass: false },
);

const silent: Expectation = { ...forgets, status: 'compare' };
test('silent, 0, but named', judged, silent, { missing: [probed('dev-libs/foo')] }, 0, { pass: true });
test('silent, 0, and not named', judged, silent, {}, 0, { statusRight: true, pass: false });
test('silent and unseen, not named', judged, { ...silent, unseen: true }, {}, 0, { found: 'no', pass: true });
test(
  'silent and unseen: --compare has to name it',
  judged,
  { ...silent, unseen: true },
  {},
  0,
  { statusRight: false, pass: false },
  true,
);
test(
  'a build that was ended by the clock',
  judged,
  forgets,
  { missing: [needed('dev-libs/foo')] },
  'time-out',
  { statusRight: false, pass: false },
);

test('without a report the error of lvfs is the result', (t) => {
  const one = judge(forgets, { error: { message: 'no such package' } }, 20, false);
  t.is(one.error, 'no such package');
  t.false(one.pass);
  t.is(judge(forgets, undefined, 29, false).error, 'no report');
});

test('names of packages are taken from cpvs', (t) => {
  t.is(packageName('dev-libs/foo-bar-1.2_rc3-r1'), 'dev-libs/foo-bar');
  t.is(packageName('dev-libs/foo-2@sysroot'), 'dev-libs/foo');
  t.is(packageName('dev-libs/foo-9999::gentoo'), 'dev-libs/foo');
  t.is(packageName('dev-libs/foo'), 'dev-libs/foo');
  t.is(packageName('media-libs/libpng16-1.6.39'), 'media-libs/libpng16');
});

test('variables and names are taken from suggested lines', (t) => {
  t.deepEqual(suggestion('DEPEND="dev-libs/foo:2[bar]"'), { variable: 'DEPEND', name: 'dev-libs/foo' });
  t.deepEqual(suggestion('BDEPEND+=" >=dev-libs/foo-1.2:0= "'), {
    variable: 'BDEPEND',
    name: 'dev-libs/foo',
  });
  t.deepEqual(suggestion('perhaps dev-libs/foo'), {});
  t.deepEqual(suggestion(undefined), {});
});

test('lines and sums', (t) => {
  const good = judge(forgets, { missing: [needed('dev-libs/foo')] }, 29, false);
  const bad = judge(
    forgets,
    { missing: [needed('dev-libs/a', 'BDEPEND'), needed('dev-libs/foo', 'BDEPEND')] },
    0,
    false,
  );
  t.regex(line('forgot/a', good), /^ok {3}forgot\/a +found first {2}variable ok status 29$/);
  t.regex(
    line('forgot/b', bad),
    /^BAD {2}forgot\/b +found later {2}variable WRONG BDEPEND status 0 WANTED 29 wrong 1: missing BDEPEND dev-libs\/a$/,
  );
  t.is(
    summary('forgot', totals([good, bad])),
    'forgot: 2 cases, 1 pass; found first 1, weak 0, later 1, no 0; variable wrong 1; status wrong 1; cases with wrong names 1 (1 names); no report 0',
  );
});
