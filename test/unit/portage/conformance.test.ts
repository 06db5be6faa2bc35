import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { compare, type Family, runFamily, Vectors } from '../../conformance/family.js';
import { families as configuration } from '../../conformance/configuration.js';
import { families as installed } from '../../conformance/installed.js';
import { families as language } from '../../conformance/language.js';

const families: readonly Family[] = [...language, ...configuration, ...installed];

const main = fileURLToPath(new URL('../../conformance/main.js', import.meta.url));
const fixtures = fileURLToPath(new URL('../../../../test/fixtures/conformance', import.meta.url));

const agrees = test.macro(async (t, family: Family) => {
  const vectors = new Vectors(fixtures);
  t.teardown(() => vectors.close());
  const { total, passed, failures } = await runFamily(family, vectors);
  t.deepEqual(failures, []);
  t.is(passed, total);
  t.true(total > 0);
});

for (const family of families) {
  test(`the selected vectors of ${family.name} agree with Portage`, agrees, family);
}

test('a family counts what differs, accepts alternatives and counts a throw as a failure', async (t) => {
  const family: Family = {
    name: 'made-up',
    file: 'none',
    *run() {
      yield compare('equal', [1], [1]);
      yield compare('other', [2], [1], [2]);
      yield compare('wrong', [3], [1], [2]);
      throw new RangeError('broken');
    },
  };
  const tally = await runFamily(family, new Vectors(fixtures));
  t.is(tally.total, 4);
  t.is(tally.passed, 2);
  t.deepEqual(
    tally.failures.map((failure) => failure.what.split('\n')[0]),
    ['stopped: RangeError: broken', 'wrong'],
  );
});

test('an archive is unpacked once, with its times, and removed at the end', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lvfs-test-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'made', 'entry'), { recursive: true });
  writeFileSync(join(folder, 'made', 'entry', 'SLOT'), '0\n');
  utimesSync(join(folder, 'made', 'entry'), 1785000000, 1785000000);
  execFileSync('tar', ['-czf', join(folder, 'made.tar.gz'), '-C', folder, 'made']);
  const vectors = new Vectors(folder);
  const root = vectors.archive('made.tar.gz');
  t.is(statSync(join(root, 'made', 'entry'), { bigint: true }).mtimeNs, 1785000000_000000000n);
  t.is(vectors.archive('made.tar.gz'), root);
  vectors.close();
  t.false(existsSync(root));
});

test('the repository is found beside or below the vectors, or is the one given', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lvfs-test-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const directory = join(folder, 'vectors');
  mkdirSync(directory);
  t.throws(() => new Vectors(directory).gentooRepo, { message: /give --gentoo-repo/ });
  mkdirSync(join(folder, 'gentoo-repo'));
  t.is(new Vectors(directory).gentooRepo, join(folder, 'gentoo-repo'));
  mkdirSync(join(directory, 'gentoo-repo'));
  t.is(new Vectors(directory).gentooRepo, join(directory, 'gentoo-repo'));
  t.is(new Vectors(directory, folder).gentooRepo, folder);
  t.throws(() => new Vectors(directory, join(folder, 'none')).gentooRepo, { message: /none/ });
});

/** Runs the runner as `npm run conformance` does. */
function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
}

test('the runner prints a line for each family it has vectors for', (t) => {
  const { status, stdout } = run(fixtures);
  t.is(status, 0);
  t.regex(
    stdout,
    /^vercmp: (\d+)\/\1\natoms: (\d+)\/\2\nuse_reduce: (\d+)\/\3\nrequired_use: (\d+)\/\4\nmatch: (\d+)\/\5\n/,
  );
});

test('the runner says how it is used, and what it cannot do', (t) => {
  t.like(run(), { status: 2, stdout: '' });
  t.regex(run().stderr, /^usage: npm run conformance -- DIR/);
  t.regex(run('/nonexistent').stderr, /\/nonexistent is no directory/);
  t.regex(run(fixtures, 'nothing').stderr, /no family nothing; there are vercmp/);
  t.regex(run('--wrong', fixtures).stderr, /Unknown option '--wrong'[^]*usage:/);
});

test('vectors that cannot be read are named with their line', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lvfs-test-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'vercmp.jsonl'), '["1","2",-1]\n\nnot json\n');
  writeFileSync(join(folder, 'vdbmatch.jsonl'), '{"a":"a/b","m":[]}\n');
  const { status, stdout } = run(folder);
  t.is(status, 1);
  t.regex(stdout, /^vercmp: 1\/2\n {2}stopped: .*\/vercmp\.jsonl:3: .* not valid JSON\n/);
  t.regex(stdout, /\/vdb\.json is missing\n$/);
});

test('the runner shows what differs, names files it does not know, and fails', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lvfs-test-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'vercmp.jsonl'), '["1","2",1]\n["1","1",0]\n');
  writeFileSync(join(folder, 'horoscope.jsonl'), '{}\n');
  const { status, stdout, stderr } = run(folder);
  t.is(status, 1);
  t.is(stdout, 'vercmp: 1/2\n  1 <=> 2\n    expected 1\n    got      -1\n');
  t.is(stderr, 'conformance: horoscope.jsonl: not known to this runner\n');
});
