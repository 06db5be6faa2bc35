/** What the search makes of what builds show; a table stands in for them. */
import test from 'ava';
import { doesFit, findFix, type Built, type Subject, type Variant } from '../../../src/author/search.js';
import type { Missing } from '../../../src/audit/index.js';
import { emptyReport } from '../../helpers/auditInput.js';
import { pkg } from '../../helpers/installed.js';

const subject: Subject = { flags: new Map(), libraries: () => new Set(), hasBdepend: true };
const missing = (cpv: string, suggest: string, phases: string[] = ['compile']): Missing => ({
  cpv: pkg(cpv),
  suggest,
  suggestions: [{ suggest, reason: 'r' }],
  certainty: 'needed',
  hits: 1,
  paths: [],
  processes: [],
  phases,
  messages: [],
});
const flex = pkg('sys-devel/flex-2');
const failed: Built = {
  end: 'failed',
  report: { ...emptyReport, missing: [missing(flex, 'BDEPEND="sys-devel/flex"')] },
  lacks: { outcome: 'needs', packages: [flex] },
};
const built: Built = { end: 'built', report: emptyReport, image: new Map() };
const options = { unused: false, compare: true };
const withFlex = ({ shown }: Variant): boolean => shown.includes(flex);

test('flags fit packages that they are named after', (t) => {
  for (const [flag, cpv] of [
    ['xml', 'dev-libs/libxml2-2.9'],
    ['libxml2', 'dev-libs/libxml2-2.9'],
    ['ssl', 'dev-libs/openssl-3.0.1-r1'],
    ['gtk', 'x11-libs/gtk+-3.24'],
    ['curl', 'net-misc/curl-8'],
    ['sqlite3', 'dev-db/sqlite-3'],
  ] as const)
    t.true(doesFit(flag, cpv), `${flag} ${cpv}`);
  for (const [flag, cpv] of [
    ['nls', 'dev-libs/openssl-3'],
    ['X', 'dev-libs/libxml2-2.9'],
    ['static-libs', 'dev-libs/libfoo-1'],
  ] as const)
    t.false(doesFit(flag, cpv), `${flag} ${cpv}`);
});

test('with EAPI 6 a tool is declared in DEPEND', async (t) => {
  const old = { ...subject, hasBdepend: false };
  const { additions } = await findFix(old, (one) => Promise.resolve(withFlex(one) ? built : failed), options);
  t.is(additions[0]?.variable, 'DEPEND');
});

test('a link is declared as it was called, and where it was used', async (t) => {
  const bison = pkg('sys-devel/bison-3');
  const called = {
    ...missing(bison, 'DEPEND="app-alternatives/yacc"'),
    messages: ['yacc: command not found'],
    suggestions: [{ suggest: 'DEPEND="app-alternatives/yacc"', reason: 'it stands for it' }],
  };
  const fails: Built = {
    end: 'failed',
    report: { ...emptyReport, missing: [called] },
    lacks: { outcome: 'needs', packages: [bison] },
  };
  const builds: Built = {
    ...built,
    report: { ...emptyReport, missing: [missing(bison, 'BDEPEND="sys-devel/bison"')] },
  };
  const { additions } = await findFix(
    subject,
    ({ shown }) => Promise.resolve(shown.includes(bison) ? builds : fails),
    options,
  );
  t.like(additions[0], { variable: 'BDEPEND', messages: called.messages });
  t.deepEqual(
    additions[0]?.atoms.map(({ atom }) => atom),
    ['app-alternatives/yacc', 'sys-devel/bison'],
  );
});

test('what is needed by tests only goes with their flag', async (t) => {
  const tests = {
    ...failed,
    report: { ...emptyReport, missing: [missing(flex, 'BDEPEND="sys-devel/flex"', ['test'])] },
  };
  const flags = new Map([['test', true]]);
  const build = (one: Variant): Promise<Built> =>
    Promise.resolve(withFlex(one) || one.flags['test'] === false ? built : tests);
  const { additions } = await findFix({ ...subject, flags }, build, options);
  t.like(additions[0], { condition: 'test', isConditionKnown: true });
});

test('without such a flag it is the tests that are left out', async (t) => {
  const tests = {
    ...failed,
    report: { ...emptyReport, missing: [missing(flex, 'BDEPEND="sys-devel/flex"', ['test'])] },
  };
  const flags = new Map([['nls', true]]);
  const asked: string[] = [];
  const { additions } = await findFix(
    { ...subject, flags },
    (one, { why }) => {
      asked.push(why);
      return Promise.resolve(withFlex(one) || one.flags['test'] === false ? built : tests);
    },
    options,
  );
  t.like(additions[0], { condition: 'test', isConditionKnown: true });
  t.true(asked.includes('without the tests, without sys-devel/flex'));
});

test('a flag that is off may be what makes it needed', async (t) => {
  const flags = new Map([['flex', false]]);
  const build = (one: Variant): Promise<Built> =>
    Promise.resolve(withFlex(one) || one.flags['flex'] === true ? built : failed);
  const { additions } = await findFix({ ...subject, flags }, build, options);
  t.like(additions[0], { condition: '!flex', isConditionKnown: true });
});

test('what fails by itself, by chance, or was not built to an end is said to', async (t) => {
  const ended = (lacks: Built['lacks']) =>
    findFix(
      subject,
      () => Promise.resolve({ ...failed, ...(lacks === undefined ? {} : { lacks }) }),
      options,
    );
  t.like(await ended({ outcome: 'own', packages: [] }), { outcome: 'own', additions: [] });
  t.is((await ended({ outcome: 'own', packages: [flex] })).additions[0]?.proved, false);
  t.is((await ended({ outcome: 'unsteady', packages: [] })).outcome, 'unsteady');
  // It was said to build with it, and does not.
  t.is((await ended({ outcome: 'needs', packages: [flex] })).outcome, 'unsteady');
  t.is((await findFix(subject, () => Promise.resolve(undefined), options)).outcome, 'open');
});

test('what the build gave up over is told where nothing could be proved any more', async (t) => {
  const cut: Built = { ...failed, lacks: { outcome: 'open', packages: [] }, isOpen: true };
  const probed = {
    ...missing('sys-devel/bison-3', 'BDEPEND="sys-devel/bison"'),
    certainty: 'probed' as const,
  };
  const report = { ...emptyReport, missing: [...failed.report.missing, probed] };
  const { outcome, additions } = await findFix(subject, () => Promise.resolve({ ...cut, report }), options);
  t.is(outcome, 'open');
  t.deepEqual(
    additions.map(({ cpv, proved }) => [cpv, proved]),
    [[flex, false]],
  );
});

test('what was not compared to an end is not all that is known', async (t) => {
  const { outcome } = await findFix(subject, () => Promise.resolve({ ...built, isOpen: true }), options);
  t.is(outcome, 'open');
});

test('what was not built any more is not said to be proved, nor its flags to be tried', async (t) => {
  const bison = pkg('sys-devel/bison-3');
  const both: Built = {
    end: 'failed',
    report: {
      ...emptyReport,
      missing: [...failed.report.missing, missing(bison, 'BDEPEND="sys-devel/bison"')],
    },
    lacks: { outcome: 'needs', packages: [flex, bison] },
  };
  const flags = new Map([
    ['nls', true],
    ['bison', false],
  ]);
  let left = 3;
  const build = ({ shown }: Variant): Promise<Built | undefined> =>
    Promise.resolve(left-- > 0 ? (shown.length === 2 ? built : both) : undefined);
  const { outcome, additions } = await findFix({ ...subject, flags }, build, options);
  t.is(outcome, 'open');
  t.deepEqual(
    additions.map(({ cpv, proved, isConditionKnown, untold }) => [cpv, proved, isConditionKnown, untold]),
    [
      [bison, false, false, ['nls', '!bison']],
      [flex, true, false, ['nls']],
    ],
  );
});
