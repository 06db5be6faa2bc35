import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import test from 'ava';
import { readCorpora } from '../../verdict/corpora.js';
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

const needed = (name: string, variable = 'DEPEND'): NonNullable<Report['missing']>[number] => ({
  cpv: `${name}-1.2-r3`,
  suggest: `${variable}="${name}:2"`,
  certainty: 'needed',
});
const probed = (name: string, variable = 'DEPEND'): NonNullable<Report['missing']>[number] => ({
  ...needed(name, variable),
  certainty: 'probed',
});

const part = (one: Judgement): Partial<Judgement> => ({
  found: one.found,
  variableRight: one.variableRight,
  statusRight: one.statusRight,
  wrong: one.wrong,
  pass: one.pass,
});

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

const shared = resolve(import.meta.dirname, '../../../../../shared/verdict');
const why = existsSync(join(shared, 'run')) ? undefined : `skipped: no ${shared}`;

/** What the other judge wants to find of a case that it has not come to yet. */
const unjudged = { found: '-', variableRight: null, statusRight: true, wrong: [], pass: false, seconds: 1 };

/** Reports of all kinds, for any case. */
function* reports(expect: Expectation): Generator<{ report: Report; status: number }> {
  const names = [expect.package[0] ?? 'dev-libs/some', expect.alsoOk[0] ?? 'dev-libs/fair', 'dev-libs/wrong'];
  const variables = [expect.variable[0] ?? 'DEPEND', 'IDEPEND'];
  for (const status of [0, 29, 30]) {
    yield { report: {}, status };
    for (const variable of variables) {
      for (const name of names) {
        yield { report: { missing: [needed(name, variable)] }, status };
        yield { report: { missing: [needed('dev-libs/wrong'), probed(name, variable)] }, status };
        yield {
          report: { missing: [needed(names[1] ?? '')], secondHand: [{ cpv: `${name}-1`, use: 'direct' }] },
          status,
        };
        yield { report: { secondHand: [{ cpv: `${name}-1`, use: 'through' }] }, status };
        yield {
          report: { missing: [probed(name)], unused: [{ atom: `>=${name}-1`, cpv: `${name}-1` }] },
          status,
        };
      }
    }
  }
}

(why === undefined ? test : test.skip)(
  `the judge beside the project says the same${why === undefined ? '' : ` (${why})`}`,
  (t) => {
    const cases = readCorpora(shared).flatMap((one) => one.cases);
    t.true(cases.length > 0);
    const place = mkdtempSync(join(tmpdir(), 'lvfs-judge-'));
    try {
      // One report a case each time, so that every report meets every kind of expectation without a run of the other for each.
      const most = Math.max(...cases.map(({ expect }) => [...reports(expect)].length));
      for (let turn = 0; turn < most; turn += 7) {
        for (const compared of [false, true]) {
          const given = cases.map((one, at) => {
            const all = [...reports(one.expect)];
            return { one, ...(all[(turn + at) % all.length] ?? { report: {}, status: 0 }) };
          });
          const file = join(place, 'results.json');
          const old = given.map(
            ({ one, report, status }) => [one.key, { ...unjudged, report, status }] as const,
          );
          writeFileSync(file, JSON.stringify({ cases: Object.fromEntries(old) }));
          const env = { ...process.env, PORTAGE_TMPDIR: place, PKGDIR: join(place, 'bin') };
          const args = ['--rejudge', '--json', file, ...(compared ? ['--compare'] : [])];
          try {
            execFileSync(join(shared, 'run'), args, { env, stdio: 'ignore' });
          } catch {
            // it exits 1 when a case fails
          }
          const theirs = (JSON.parse(readFileSync(file, 'utf8')) as { cases: Record<string, Judgement> })
            .cases;
          for (const { one, report, status } of given) {
            const ours = part(judge(one.expect, report, status, compared));
            const other = theirs[one.key];
            t.deepEqual(
              { ...ours, wrong: ours.wrong?.length },
              other && { ...part(other), wrong: other.wrong.length },
              `${one.key} ${JSON.stringify(report)} ${status}`,
            );
          }
        }
      }
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  },
);
