/** The parts of `lvfs check` that build nothing: shards, journals, baselines, time limits, the page with all verdicts. */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { LvfsError } from '../../../src/base/index.js';
import { indexPage } from '../../../src/cli/tinderbox/indexPage.js';
import { Journal, readJournals } from '../../../src/cli/tinderbox/journal.js';
import { spell } from '../../../src/cli/tinderbox/progress.js';
import { Results } from '../../../src/cli/tinderbox/results.js';
import { expandTargets, parseShard, shardOf } from '../../../src/cli/tinderbox/targets.js';
import { checkPlan } from '../../../src/library/build/options.js';
import { TimeLimit } from '../../../src/library/build/timeLimit.js';
import { removeTree } from '../../helpers/removeTree.js';
import { verdict } from '../../helpers/verdict.js';

function scratch(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'lvfs-tinderbox-'));
  t.teardown(() => removeTree(directory));
  return directory;
}

test('shards have every target once, whatever their number', (t) => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string()), fc.integer({ min: 1, max: 20 }), (targets, count) => {
      const parts = Array.from({ length: count }, (_, i) => shardOf(targets, { index: i + 1, count }));
      t.deepEqual(parts.flat().sort(), [...targets].sort());
      const sizes = parts.map(({ length }) => length);
      t.true(Math.max(...sizes) - Math.min(...sizes) <= 1);
    }),
    { numRuns: 50 },
  );
  t.deepEqual(parseShard('2/3'), { index: 2, count: 3 });
  for (const wrong of ['', '0/3', '4/3', '1', '1/0', 'a/b', '1/2/3', '-1/2'])
    t.throws(() => parseShard(wrong), { code: 'USAGE' }, wrong);
});

test('a journal is read whatever was torn, and the last verdict on a target counts', (t) => {
  const file = join(scratch(t), 'journal');
  writeFileSync(file, '{"schemaVersion":1,"target":"a","verd');
  const journal = new Journal(file);
  journal.add({ targets: ['a', 'b', 'c'] });
  journal.add(verdict('a', { verdict: 'failed', ended: '2026-01-02' }));
  journal.add(verdict('a', { verdict: 'error', ended: '2026-01-01' }));
  journal.add(verdict('b'));
  journal.close();
  appendFileSync(file, '{"target":"c","verdict":"cle');
  const { verdicts, targets } = readJournals([file]);
  t.deepEqual(
    [...verdicts.values()].map((one) => [one.target, one.verdict]),
    [
      ['a', 'failed'],
      ['b', 'clean'],
    ],
  );
  t.deepEqual([...targets], ['a', 'b', 'c']);
  t.throws(() => readJournals([`${file}-none`]), { code: 'NO_JOURNAL' });
});

test('the end of the time is a SIGTERM for one target, and no signal of the user', async (t) => {
  const released: string[] = [];
  const cancelled = new AbortController();
  const user = { signal: cancelled.signal, passTo: () => () => void released.push('released') };
  const limit = new TimeLimit(user, 0.0001);
  const received: string[] = [];
  const release = limit.passTo((name) => received.push(name));
  await new Promise((done) => limit.signal.addEventListener('abort', done));
  t.deepEqual(received, ['SIGTERM']);
  t.true(limit.signal.aborted);
  t.is(limit.error?.code, 'TIMEOUT');
  limit.passTo((name) => received.push(`late ${name}`));
  t.deepEqual(received, ['SIGTERM', 'late SIGTERM']);
  release();
  t.deepEqual(released, ['released']);
  t.false(user.signal.aborted, 'others go on');
  limit.release();

  const other = new TimeLimit(user, 1000);
  t.is(other.error, undefined);
  cancelled.abort();
  t.true(other.signal.aborted);
  t.is(other.error, undefined, 'the user is no limit');
  other.release();
});

test('more time than a timer has is no end of it, and what is no number of jobs is one', async (t) => {
  const user = { signal: new AbortController().signal, passTo: () => () => undefined };
  const limit = new TimeLimit(user, Number.POSITIVE_INFINITY);
  // Timers come in their order.
  await new Promise((done) => setTimeout(done, 5));
  t.is(limit.error, undefined);
  limit.release();
  for (const jobs of [Number.NaN, 0, -1]) t.is(checkPlan({}, { jobs }).jobs, 1);
});

test('times are spelled as people do', (t) => {
  t.deepEqual([0.4, 119, 150, 7300].map(spell), ['0 s', '119 s', '3 min', '2 h 2 min']);
});

test('the page with all verdicts says all without its script, and loads nothing', (t) => {
  const page = indexPage(
    [
      verdict('a/b', {
        targets: ['a/b-1'],
        files: { page: 'a/b-1.html', log: 'a/b-1.log', json: 'a/b-1.json' },
      }),
    ],
    ['left/over'],
  );
  t.true(page.includes('<a href="a/b-1.html">a/b-1</a>'));
  t.true(page.includes('<td>left/over</td><td>not checked</td>'));
  t.true(page.includes("default-src 'none'"));
  t.notRegex(page, /(src|href)="(https?:)?\/\//);
  t.regex(indexPage([verdict('<b>', { says: '<script>' })], []), /&#60;b&#62;.*&#60;script&#62;/);
});

test('what is wrong with a baseline is told', (t) => {
  const error = t.throws(() => readJournals(['/no/such/place']), { instanceOf: LvfsError });
  t.regex(String(error?.hint), /--results/);
});

test('results go into a directory that can be made, or it is said why not', (t) => {
  const directory = scratch(t);
  writeFileSync(join(directory, 'file'), '');
  symlinkSync('circle', join(directory, 'circle'));
  const places = ['file', 'file/below', 'circle', 'x'.repeat(300)].map((name) => join(directory, name));
  if (process.platform === 'linux') places.push('/proc/lvfs/none');
  for (const place of places)
    for (const goesOn of [false, true])
      t.throws(() => new Results(place, goesOn, () => undefined), { code: 'CANNOT_WRITE' }, place);
  new Results(join(directory, 'made/below'), false, () => undefined).close();
  t.true(existsSync(join(directory, 'made/below')));
});

test('a file is a list of targets, a path at which nobody can look is one that is not there', async (t) => {
  const directory = scratch(t);
  const list = join(directory, 'list');
  writeFileSync(list, 'a/b\n# not this\nc/d\n');
  const below = join(list, 'below');
  const targets = await expandTargets([list, below], { root: directory }, () => undefined);
  t.deepEqual(targets, ['a/b', 'c/d', below]);
});

test('lists and journals without end are refused', async (t) => {
  const error = await t.throwsAsync(
    expandTargets(['/dev/zero'], { root: '/' }, () => undefined),
    {
      code: 'NO_TARGETS',
    },
  );
  t.regex(String(error?.cause), /EFBIG/);
  t.throws(() => readJournals(['/dev/zero']), { code: 'NO_JOURNAL' });
});

test('what a journal says of files leads nowhere but into its directory', (t) => {
  const base = scratch(t);
  const [from, to] = [join(base, 'from'), join(base, 'to')];
  for (const directory of ['from/a', 'from/b', 'elsewhere'])
    mkdirSync(join(base, directory), { recursive: true });
  writeFileSync(join(base, 'secret'), 'secret');
  writeFileSync(join(base, 'elsewhere/c-1.log'), 'secret');
  writeFileSync(join(from, 'a/b-1.log'), 'log');
  writeFileSync(join(from, 'a/b-1.json'), '{}');
  symlinkSync('../../secret', join(from, 'a/b-1.html'));
  mkdirSync(join(from, 'b/c-1.log'));
  symlinkSync('../elsewhere', join(from, 'c'));
  const verdict = (target: string, files: object): string =>
    `${JSON.stringify({ target, verdict: 'clean', files })}\n`;
  const named = (name: string): object => ({
    page: `${name}.html`,
    log: `${name}.log`,
    json: `${name}.json`,
  });
  writeFileSync(
    join(from, 'journal.jsonl'),
    [
      verdict('one', named('a/b-1')),
      verdict('two', named('b/c-1')),
      verdict('three', named('c/c-1')),
      verdict('four', { log: '../secret', json: 'a/b-1.json' }),
      verdict('five', { log: 'a/b-1.log', json: 'a/../../made.json' }),
      verdict('six', { log: 'a/b-1.log', json: '/made.json' }),
    ].join(''),
  );
  const warnings: string[] = [];
  const results = new Results(to, false, (_, text) => warnings.push(text));
  const { verdicts } = readJournals([from]);
  for (const one of verdicts.values()) results.take(one, from);
  results.close();
  t.deepEqual(
    [...verdicts.values()].filter(({ files }) => files === undefined).map(({ target }) => target),
    ['four', 'five', 'six'],
  );
  t.deepEqual(readdirSync(to, { recursive: true, encoding: 'utf8' }).sort(), [
    'a',
    'a/b-1.json',
    'a/b-1.log',
    'journal.jsonl',
  ]);
  t.true(warnings.some((text) => text.includes('b-1.html')));
});
