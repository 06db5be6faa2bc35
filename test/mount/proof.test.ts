/** What `lvfs build` and `check` prove by building again; a script stands in for emerge. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { Report } from '../../src/audit/index.js';
import type { Comparison, Proof } from '../../src/library/public.js';
import type { NextSteps } from '../../src/cli/nextSteps.js';
import { nothingLeft } from '../helpers/commands.js';
import { whyNotMount } from '../helpers/inView.js';
import { finished, until, type Result } from '../helpers/lvfs.js';
import { nothingOfProofs, runs, shown, withEmerge } from '../helpers/scriptedEmerge.js';

const reason = whyNotMount();
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

interface Built extends Report {
  status: number;
  proof?: Proof;
  comparison?: Comparison;
  next?: NextSteps;
  interrupted?: boolean;
}

const outcome = ({ stdout }: Result): Built => JSON.parse(stdout) as Built;

mountTest(`what a failed build lacked is proved by one build more${skipped}`, async (t) => {
  const f = await withEmerge(t, `phase 'helper --version'; phase flexer || exit 1; package`);
  const result = await f.lvfs('build', '--json', ...shown(f), 'dev-libs/foo');
  t.is(result.status, 29, result.stderr);
  const { missing, ruledOut, proof, next } = outcome(result);
  t.like(missing, [
    { cpv: 'sys-devel/flexer-2', suggest: 'BDEPEND="sys-devel/flexer"', certainty: 'needed', proved: true },
  ]);
  t.is(missing.length, 1);
  t.deepEqual(proof?.packages, ['sys-devel/flexer-2']);
  t.is(proof?.outcome, 'needs');
  t.true(ruledOut?.some(({ cpv }) => cpv === 'dev-util/helper-1'));
  t.deepEqual(next?.ebuild, ['BDEPEND="sys-devel/flexer"']);
  t.regex(next?.build ?? '', /^lvfs build --ro .*--with sys-devel\/flexer dev-libs\/foo$/);
  nothingOfProofs(t, f);
  await nothingLeft(t, f);
});

mountTest(
  `a tool that alone was missing takes one build, made apart from the one that failed${skipped}`,
  async (t) => {
    const f = await withEmerge(t, `echo first > $build/work/trace; phase flexer || exit 1; package`);
    const result = await f.lvfs('build', ...shown(f), 'dev-libs/foo');
    t.is(result.status, 29);
    t.regex(result.stdout, /Missing: the build fails without these, and succeeds with them; declare them/);
    t.regex(
      result.stdout,
      /Proof: it fails without sys-devel\/flexer, and builds with it\. \(one build more, /,
    );
    t.regex(
      result.stdout,
      /Next:\n {2}lvfs shell .* dev-libs\/foo .*\n {2}lvfs build .*\n {2}BDEPEND="sys-devel\/flexer"/,
    );
    const [first, second, ...more] = runs(f);
    t.is(first, 'tmp=/var/tmp packages=/var/cache/binpkgs');
    t.regex(second ?? '', /^tmp=(\/var\/tmp\/lvfs-proof-\w+) packages=\1\/packages$/);
    t.deepEqual(more, []);
    // To be looked at.
    t.is(readFileSync(f.gentoo.path('/var/tmp/portage/dev-libs/foo-1/work/trace'), 'utf8'), 'first\n');
    t.false(existsSync(f.gentoo.path('/var/cache/binpkgs/dev-libs')));
    nothingOfProofs(t, f);
  },
);

mountTest(`one failure behind the other is found in the same call${skipped}`, async (t) => {
  const f = await withEmerge(t, `phase flexer || exit 1; phase bisoner || exit 1; package`);
  const { missing, proof } = outcome(await f.lvfs('build', '--json', ...shown(f), 'dev-libs/foo'));
  t.is(proof?.outcome, 'needs');
  t.deepEqual(missing.map(({ cpv }) => cpv).sort(), ['sys-devel/bisoner-3', 'sys-devel/flexer-2']);
  t.true(missing.every(({ proved, suggest }) => proved === true && suggest.startsWith('BDEPEND=')));
});

mountTest(`what no tool has a word for is found by what a full view used${skipped}`, async (t) => {
  const f = await withEmerge(
    t,
    `for d in /opt/hid*; do phase "cat $d/tool" 2>&- || { echo 'no tool, error'; exit 1; }; done; package`,
  );
  const { missing, proof } = outcome(await f.lvfs('build', '--json', ...shown(f), 'dev-libs/foo'));
  t.like(proof, { outcome: 'needs', packages: ['dev-libs/hidden-1'] });
  t.like(missing, [{ cpv: 'dev-libs/hidden-1', proved: true, certainty: 'needed' }]);
});

mountTest(`a package is not blamed for what it needs to run${skipped}`, async (t) => {
  const script = `phase 'cat /opt/fron*/x'; phase 'cat /opt/dee*/deep.h 2>&-' || { echo 'error: no depth'; exit 1; }; package`;
  const f = await withEmerge(t, script);
  const { proof } = outcome(await f.lvfs('build', '--json', ...shown(f), 'dev-libs/foo'));
  t.like(proof, { outcome: 'needs', packages: ['dev-libs/deep-1'] });
});

mountTest(`a failure of the package's own is told from a missing dependency${skipped}`, async (t) => {
  const f = await withEmerge(
    t,
    `phase 'cat /opt/hidden/tool'; echo 'a.c:1: error: expected expression'; exit 1`,
  );
  const result = await f.lvfs('build', '--json', ...shown(f), 'dev-libs/foo');
  t.is(result.status, 29);
  const { missing, ruledOut, proof } = outcome(result);
  t.like(proof, { outcome: 'own', packages: [] });
  t.deepEqual(missing, []);
  t.deepEqual(
    ruledOut?.map(({ cpv }) => cpv),
    ['dev-libs/hidden-1'],
  );
  const check = await f.lvfs('check', ...shown(f), 'dev-libs/foo');
  t.is(check.status, 29);
  t.regex(check.stdout, /^failed +dev-libs\/foo own failure \(the same in a full view\); [\d.]+ s\n/);
});

mountTest(`a build that fails by chance is called unsteady${skipped}`, async (t) => {
  const f = await withEmerge(t, `[ $run -gt 1 ] || { echo 'error: no room'; exit 1; }; package`);
  const result = await f.lvfs('build', ...shown(f), 'dev-libs/foo');
  t.is(result.status, 29);
  t.regex(
    result.stdout,
    /Proof: the same build fails one time and succeeds another; nothing hidden is to blame/,
  );
});

for (const [option, why] of [
  ['--no-prove', undefined],
  ['--proof-time=0', 'time'],
] as const) {
  mountTest(`${option}: a failed build is not built again${skipped}`, async (t) => {
    const f = await withEmerge(t, `phase flexer || exit 1`);
    const result = await f.lvfs('build', '--json', option, ...shown(f), 'dev-libs/foo');
    t.is(result.status, 29);
    const { missing, proof } = outcome(result);
    t.is(missing[0]?.certainty, 'needed');
    t.is(missing[0]?.proved, undefined);
    t.is(proof?.end, why);
    t.is(runs(f).length, 1);
    const check = await f.lvfs('check', option, ...shown(f), 'dev-libs/foo');
    t.regex(check.stdout, /fails \(status 1\), it seems without sys-devel\/flexer;/);
  });
}

mountTest(`a build that is ended gives the report so far and what to do next${skipped}`, async (t) => {
  const f = await withEmerge(t, `phase flexer; echo waiting > /var/tmp/ready; sleep 1000`);
  for (const more of [[], ['--json']]) {
    const child = f.start('build', ...more, ...shown(f), 'dev-libs/foo');
    const end = finished(child);
    await until('it waits', () => existsSync(f.gentoo.path('/var/tmp/ready')), 60_000);
    child.kill('SIGTERM');
    const result = await end;
    t.is(result.signal, 'SIGTERM', result.stderr);
    if (more.length > 0) {
      t.like(outcome(result), { interrupted: true, missing: [{ cpv: 'sys-devel/flexer-2' }] });
      t.regex(outcome(result).next?.shell ?? '', /^lvfs shell .* dev-libs\/foo$/);
    } else {
      t.regex(result.stdout, /^dev-libs\/foo-1: the build was interrupted in /m);
      t.regex(result.stdout, /^ {2}BDEPEND="sys-devel\/flexer"$/m);
      t.regex(result.stdout, /^Next:\n {2}lvfs shell /m);
    }
    await nothingLeft(t, f);
    rmSync(f.gentoo.path('/var/tmp/ready'));
  }
});

mountTest(`a proof that is ended leaves what the build said${skipped}`, async (t) => {
  const f = await withEmerge(
    t,
    `[ $run -gt 1 ] && { echo > /var/tmp/ready; sleep 1000; }; phase flexer || exit 1`,
  );
  const child = f.start('build', '--json', ...shown(f), 'dev-libs/foo');
  const end = finished(child);
  await until('it is built again', () => existsSync(f.gentoo.path('/var/tmp/ready')), 60_000);
  child.kill('SIGTERM');
  const result = await end;
  t.is(result.signal, 'SIGTERM', result.stderr);
  t.like(outcome(result), {
    proof: { outcome: 'open', end: 'interrupted' },
    missing: [{ cpv: 'sys-devel/flexer-2', certainty: 'needed' }],
  });
  nothingOfProofs(t, f);
  await nothingLeft(t, f);
});

mountTest(`--compare names who makes a difference, and with which files${skipped}`, async (t) => {
  const f = await withEmerge(
    t,
    `date > $build/image/stamp; echo always > $build/image/always
phase helper && echo more >> $build/image/always
phase flexer && touch $build/image/flexed
phase bisoner && phase scanner && touch $build/image/both
phase 'cat /opt/hidden/tool'; package`,
  );
  const result = await f.lvfs('build', '--json', '--compare', ...shown(f), 'dev-libs/foo');
  t.is(result.status, 30, result.stderr);
  const { missing, ruledOut, comparison } = outcome(result);
  t.is(comparison?.outcome, 'differs');
  t.is(comparison?.status, 0);
  t.deepEqual([...(comparison?.difference?.onlySecond ?? [])].sort(), ['/both', '/flexed']);
  t.deepEqual(comparison?.difference?.changed, ['/always']);
  const found = comparison?.automagic.map(
    ({ packages, files }) => `${[...packages].sort().join(' ')}: ${files.join(' ')}`,
  );
  t.deepEqual([...(found ?? [])].sort(), [
    'dev-util/helper-1: /always',
    'dev-util/scanner-1 sys-devel/bisoner-3: /both',
    'sys-devel/flexer-2: /flexed',
  ]);
  t.like(
    missing.find(({ cpv }) => cpv === 'sys-devel/flexer-2'),
    { proved: true, files: ['/flexed'] },
  );
  t.deepEqual(
    ruledOut?.map(({ cpv }) => cpv),
    ['dev-libs/hidden-1'],
  );
  // What the user keeps is the package that the ebuild's dependencies give.
  t.is(runs(f).filter((run) => run.endsWith('packages=/var/cache/binpkgs')).length, 1);
  nothingOfProofs(t, f);
  await nothingLeft(t, f);
});

mountTest(`--compare says what configure found otherwise, and leaves no work behind${skipped}`, async (t) => {
  const f = await withEmerge(
    t,
    `mkdir -p $build/work/foo-1; found=0
phase helper && found=1
phase flexer && touch $build/image/flexed && found=2
printf '#define HAVE_FLEXER %s\\n#define BUILD_TIME %s\\n' $found "$(date +%N)" > $build/work/foo-1/config.h
echo "ac_cv_prog_run=$run" > $build/work/foo-1/config.cache; package`,
  );
  const result = await f.lvfs('build', '--json', '--compare', ...shown(f), 'dev-libs/foo');
  t.is(result.status, 30, result.stderr);
  t.like(outcome(result).comparison?.automagic, [
    {
      packages: ['sys-devel/flexer-2'],
      files: ['/flexed'],
      settings: [{ file: 'foo-1/config.h', name: 'HAVE_FLEXER', without: '0', with: '2' }],
    },
  ]);
  t.false(existsSync(f.gentoo.path('/var/tmp/portage/dev-libs/foo-1')));
  const text = (await f.lvfs('build', '--compare', ...shown(f), 'dev-libs/foo')).stdout;
  t.regex(text, /^ {4}HAVE_FLEXER 0 → 2 \(foo-1\/config\.h\)$/m);
  f.environment['FEATURES'] = 'noclean';
  await f.lvfs('build', '--compare', ...shown(f), 'dev-libs/foo');
  t.true(existsSync(f.gentoo.path('/var/tmp/portage/dev-libs/foo-1/work/foo-1/config.h')));
  nothingOfProofs(t, f);
  await nothingLeft(t, f);
});

mountTest(`--compare rules out what makes no difference, and that takes one build${skipped}`, async (t) => {
  const f = await withEmerge(
    t,
    `date > $build/image/stamp; phase flexer && phase 'cat /opt/hidden/tool'; package`,
  );
  const result = await f.lvfs('build', '--compare', ...shown(f), 'dev-libs/foo');
  t.is(result.status, 0, result.stdout);
  t.regex(
    result.stdout,
    /Comparison: with all that is installed the result is the same\. \(one build more, /,
  );
  t.regex(result.stdout, /Ruled out: .*\n {2}.*sys-devel\/flexer-2/);
  t.false(/^(Missing|Looked for|Automagic):/m.test(result.stdout), result.stdout);
  const check = await f.lvfs('check', '--compare', '--json', ...shown(f), 'dev-libs/foo');
  t.is(check.status, 0);
  t.like(JSON.parse(check.stdout), { verdict: 'clean', finding: 'clean', says: 'clean' });
});

mountTest(`check --compare says it in words, in every form${skipped}`, async (t) => {
  const f = await withEmerge(t, `phase helper >/dev/null && touch $build/image/more; package`);
  const [junit, page] = ['junit.xml', 'page.html'].map((name) => join(f.directory, name)) as [string, string];
  const files = ['--junit', junit, '--html', page];
  const check = await f.lvfs('check', '--compare', ...files, ...shown(f), 'dev-libs/foo');
  t.is(check.status, 30, check.stderr);
  const words = 'builds, but without dev-util/helper (automagic)';
  t.true(check.stdout.startsWith(`undeclared dev-libs/foo ${words}; `), check.stdout);
  t.true(readFileSync(junit, 'utf8').includes(`<failure message="${words}"`));
  t.true(readFileSync(page, 'utf8').includes(`<td>${words}</td>`));
});

for (const [what, script, why] of [
  [
    'no binary package',
    'exit 0',
    /nothing could be compared: \S+\/var\/cache\/binpkgs: no binary package of dev-libs\/foo-1 was made there/,
  ],
  [
    'a full view that fails',
    'test -x /opt/portage/bin/helper && exit 3; package',
    /nothing could be compared: with all that is installed the build fails \(status 3\)/,
  ],
] as const) {
  mountTest(
    `--compare with ${what} says that nothing was compared, and does not end with 0${skipped}`,
    async (t) => {
      const f = await withEmerge(t, script);
      const { status, stdout } = await f.lvfs('build', '--compare', ...shown(f), 'dev-libs/foo');
      t.is(status, 1, stdout);
      t.regex(stdout, why);
      const check = await f.lvfs('check', '--json', '--compare', ...shown(f), 'dev-libs/foo');
      t.is(check.status, 1);
      t.like(JSON.parse(check.stdout), { verdict: 'error', finding: 'not-compared' });
    },
  );
}

mountTest(`--compare of a build that fails says so, and proves what it lacked${skipped}`, async (t) => {
  const f = await withEmerge(t, `phase flexer || exit 1; package`);
  const result = await f.lvfs('build', '--json', '--compare', ...shown(f), 'dev-libs/foo');
  t.is(result.status, 29);
  t.like(outcome(result), {
    proof: { outcome: 'needs', packages: ['sys-devel/flexer-2'] },
    comparison: { outcome: 'impossible', reason: 'the build failed' },
  });
});

mountTest(
  `--compare with --command takes away what builds made new, and nothing else${skipped}`,
  async (t) => {
    const f = await withEmerge(t, ':');
    const directory = join(f.directory, 'result');
    mkdirSync(directory);
    writeFileSync(join(directory, 'mine'), 'kept');
    const command = `cd ${directory}; touch always; flexer && touch flexed; helper && touch helped; :`;
    const args = ['--bind', f.directory, '--compare', '--command', command];
    const result = await f.lvfs(
      'build',
      '--json',
      ...shown(f),
      ...args,
      '--image',
      directory,
      'dev-libs/foo',
    );
    t.is(result.status, 30, result.stderr);
    t.deepEqual(outcome(result).comparison?.automagic, [
      { packages: ['sys-devel/flexer-2'], files: ['/flexed'], settings: [] },
      { packages: ['dev-util/helper-1'], files: ['/helped'], settings: [] },
    ]);
    t.is(readFileSync(join(directory, 'mine'), 'utf8'), 'kept');
  },
);

mountTest(`what the configuration ignores stays hidden in a full view${skipped}`, async (t) => {
  const f = await withEmerge(t, `phase helper >/dev/null && touch $build/image/more; package`);
  const file = join(f.directory, 'lvfs.conf');
  writeFileSync(file, `[[ignore]]\npackage = "dev-util/helper"\nreason = "known"\n`);
  const result = await f.lvfs('build', '--json', '--config', file, '--compare', ...shown(f), 'dev-libs/foo');
  t.is(result.status, 0, result.stdout);
  t.like(outcome(result), { comparison: { outcome: 'same' } });
});
