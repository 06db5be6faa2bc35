/** `lvfs fix`: from builds to a patch; a script stands in for emerge. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import type { Addition, Withdrawal } from '../../src/author/index.js';
import type { FixStep } from '../../src/library/public.js';
import { nothingLeft, type Commands } from '../helpers/commands.js';
import { repositoryPath } from '../helpers/gentooRoot.js';
import { whyNotMount } from '../helpers/inView.js';
import { finished, until, type Result } from '../helpers/lvfs.js';
import { nothingOfProofs, runs, shown, withEmerge } from '../helpers/scriptedEmerge.js';

const reason = whyNotMount();
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

interface Fixed {
  outcome: string;
  builds: number;
  additions: Addition[];
  withdrawals: Withdrawal[];
  open: string[];
  message: string;
  patch: string;
  steps: FixStep[];
}

const fixed = ({ stdout }: Result): Fixed => JSON.parse(stdout) as Fixed;

const repository = ({ gentoo }: Commands): string => gentoo.path(repositoryPath);
const ebuildFile = (f: Commands): string => `${repository(f)}/dev-libs/foo/foo-1.ebuild`;

/** What the patch makes of the ebuild, by git; the variables' lines alone. */
function patched(t: ExecutionContext, f: Commands, patch: string): string[] {
  const before = readFileSync(ebuildFile(f), 'utf8');
  const { status, stderr } = spawnSync('git', ['apply', '-'], {
    cwd: repository(f),
    input: patch,
    encoding: 'utf8',
  });
  t.is(status, 0, `${stderr}\n${patch}`);
  const lines = readFileSync(ebuildFile(f), 'utf8').split('\n');
  const old = new Set(before.split('\n'));
  return lines.filter((line) => !old.has(line));
}

/** Asks for the finding, as JSON. */
const fix = (f: Commands, ...args: string[]): Promise<Result> =>
  f.lvfs('fix', '--json', ...args, ...shown(f), 'dev-libs/foo');

mountTest(`what was missing is declared by a patch that git takes${skipped}`, async (t) => {
  const f = await withEmerge(t, `phase flexer || exit 1; package`);
  const before = readFileSync(ebuildFile(f), 'utf8');
  const result = await f.lvfs('fix', ...shown(f), 'dev-libs/foo');
  t.is(result.status, 0, result.stderr);
  t.is(readFileSync(ebuildFile(f), 'utf8'), before, 'the ebuild itself is not changed');
  t.regex(result.stderr, /^ +1 {2}with what the ebuild declares: fails \([\d.]+ s\)$/m);
  t.regex(result.stderr, /^ +2 {2}… and with sys-devel\/flexer: builds \([\d.]+ s\)$/m);
  t.regex(result.stdout, /^Subject: \[PATCH\] dev-libs\/foo: declare sys-devel\/flexer$/m);
  t.regex(
    result.stdout.replaceAll('\n', ' '),
    /without it the build fails, and succeeds with it\. The build said: ".*flexer.*"\./,
  );
  t.deepEqual(patched(t, f, result.stdout), ['BDEPEND="sys-devel/flexer"']);
  nothingOfProofs(t, f);
  t.false(existsSync(f.gentoo.path('/var/cache/binpkgs/dev-libs')));
  await nothingLeft(t, f);
});

mountTest(`what was added is taken away one by one${skipped}`, async (t) => {
  const f = await withEmerge(
    t,
    // Both at first; one of them makes no difference where the other is.
    `phase 'flexer; bisoner' || exit 1; phase bisoner || exit 1; package`,
  );
  const { additions, steps, outcome, patch } = fixed(await fix(f));
  t.is(outcome, 'done');
  t.deepEqual(
    additions.map(({ cpv, proved }) => [cpv, proved]),
    [['sys-devel/bisoner-3', true]],
  );
  t.true(steps.length >= 3);
  t.deepEqual(patched(t, f, patch), ['BDEPEND="sys-devel/bisoner"']);
});

mountTest(`each of two that are needed is built without${skipped}`, async (t) => {
  const f = await withEmerge(t, `phase flexer || exit 1; phase bisoner || exit 1; package`);
  const { steps, patch } = fixed(await fix(f));
  for (const name of ['flexer', 'bisoner'])
    t.true(steps.some(({ what, end }) => what === `without sys-devel/${name}` && end === 'failed'));
  t.deepEqual(patched(t, f, patch), ['BDEPEND="sys-devel/bisoner sys-devel/flexer"']);
});

mountTest(`what is needed with a flag only is declared under it${skipped}`, async (t) => {
  const script = `case " $USE " in *" -flex "*) ;; *) phase flexer || exit 1 ;; esac; package`;
  const f = await withEmerge(t, script, {
    ebuilds: { 'dev-libs/foo-1': { DEPEND: 'dev-libs/bar', IUSE: '+flex +nls' } },
  });
  const { additions, steps, patch, message } = fixed(await fix(f));
  t.like(additions[0], { condition: 'flex', isConditionKnown: true });
  t.true(
    steps.some(({ what, end }) => what === 'with USE="-flex", without sys-devel/flexer' && end === 'built'),
  );
  t.regex(message.replaceAll('\n', ' '), /With USE="-flex" it is not needed/);
  t.deepEqual(patched(t, f, patch), ['BDEPEND="flex? ( sys-devel/flexer )"']);
});

mountTest(`a flag of another name is found by switching off all, then half${skipped}`, async (t) => {
  const script = `case " $USE " in *" -nls "*) ;; *) phase flexer || exit 1 ;; esac; package`;
  const f = await withEmerge(t, script, {
    ebuilds: { 'dev-libs/foo-1': { DEPEND: 'dev-libs/bar', IUSE: '+acl +man +nls +zip' } },
  });
  const { additions, patch } = fixed(await fix(f));
  t.is(additions[0]?.condition, 'nls');
  t.deepEqual(patched(t, f, patch), ['BDEPEND="nls? ( sys-devel/flexer )"']);
});

mountTest(`flags that contradict one another are passed by${skipped}`, async (t) => {
  const f = await withEmerge(t, `phase flexer || exit 1; package`, {
    ebuilds: { 'dev-libs/foo-1': { DEPEND: 'dev-libs/bar', IUSE: '+flex', REQUIRED_USE: 'flex' } },
  });
  const { additions, steps } = fixed(await fix(f));
  t.true(steps.some(({ end }) => end === 'impossible'));
  t.is(additions[0]?.condition, undefined);
});

mountTest(`a library that the result is linked with is needed to run as well${skipped}`, async (t) => {
  const f = await withEmerge(
    t,
    `phase 'cat /opt/link/link.h' || { echo 'link.h: No such file or directory'; exit 1; }
     cp /opt/bar/program $build/image/; package`,
    {
      packages: {
        'dev-libs/bar-1': { files: { '/opt/bar/bar.h': 'bar', '/opt/bar/program': 'filled below' } },
        'dev-libs/link-1': { files: { '/opt/link/link.h': 'link', '/opt/link/libc.so.6': 'its library' } },
      },
      ebuilds: { 'dev-libs/foo-1': { DEPEND: 'dev-libs/bar', RDEPEND: 'dev-libs/bar' } },
    },
  );
  copyFileSync('/bin/true', f.gentoo.path('/opt/bar/program'));
  const { additions, patch } = fixed(await fix(f));
  t.like(additions[0], { linked: true, variable: 'DEPEND' });
  t.deepEqual(patched(t, f, patch).sort(), [
    'DEPEND="dev-libs/bar dev-libs/link:="',
    'RDEPEND="dev-libs/bar dev-libs/link:="',
  ]);
});

mountTest(`an automagic dependency is left to the author where nobody is asked${skipped}`, async (t) => {
  const f = await withEmerge(t, `phase flexer && touch $build/image/with-flexer; package`);
  const { additions, open, patch } = fixed(await fix(f));
  t.like(additions[0], { cpv: 'sys-devel/flexer-2', kind: 'automagic' });
  t.is(open.length, 1);
  t.regex(
    patched(t, f, patch).join(' '),
    /^# TODO: sys-devel\/flexer is used .*\/with-flexer\): declare it, or switch it off$/,
  );
});

mountTest(`an automagic dependency that a flag goes with is declared under it${skipped}`, async (t) => {
  const script = `case " $USE " in *" -flex "*) ;; *) phase flexer && touch $build/image/with-flexer ;; esac; package`;
  const f = await withEmerge(t, script, {
    ebuilds: { 'dev-libs/foo-1': { DEPEND: 'dev-libs/bar', IUSE: '+flex' } },
  });
  const { patch, open } = fixed(await fix(f));
  t.deepEqual(open, []);
  t.deepEqual(patched(t, f, patch), ['BDEPEND="flex? ( sys-devel/flexer )"']);
});

mountTest(`what is used but comes from elsewhere is declared${skipped}`, async (t) => {
  const f = await withEmerge(t, `phase 'cat /opt/bar/bar.h; deeper' || exit 1; package`, {
    packages: {
      'dev-libs/bar-1': { RDEPEND: 'dev-util/deeper', files: { '/opt/bar/bar.h': 'bar' } },
      'dev-util/deeper-1': {
        files: { '/opt/portage/bin/deeper': { text: '#!/bin/sh\necho deeper\n', mode: 0o755 } },
      },
    },
  });
  const { additions, patch } = fixed(await fix(f));
  t.like(additions[0], { cpv: 'dev-util/deeper-1', kind: 'second-hand', from: ['dev-libs/bar-1'] });
  t.deepEqual(patched(t, f, patch), ['BDEPEND="dev-util/deeper"']);
});

mountTest(`--unused: what was declared in vain goes, unless the result changes${skipped}`, async (t) => {
  const script = `[ -e /opt/hidden ] || touch $build/image/no-hidden; package`;
  const f = await withEmerge(t, script, {
    packages: { 'dev-libs/vain-1': { files: { '/opt/vain/x': 'x' } } },
    ebuilds: { 'dev-libs/foo-1': { DEPEND: 'dev-libs/vain dev-libs/hidden' } },
  });
  t.deepEqual(fixed(await fix(f)).withdrawals, []);
  const { withdrawals, patch, message } = fixed(await fix(f, '--unused'));
  t.deepEqual(
    withdrawals.map(({ atom }) => atom),
    ['dev-libs/vain'],
  );
  t.regex(message, /^dev-libs\/foo: drop dev-libs\/vain\n/);
  t.deepEqual(patched(t, f, patch), ['DEPEND="dev-libs/hidden"']);
});

mountTest(`the number of builds is limited, and the next call goes on${skipped}`, async (t) => {
  const f = await withEmerge(t, `phase flexer || exit 1; phase bisoner || exit 1; package`);
  const first = await fix(f, '--builds=7');
  t.is(first.status, 1, first.stderr);
  const some = fixed(first);
  t.is(some.outcome, 'open');
  t.true(some.builds <= 7);
  const made = runs(f).length;
  const { outcome, steps, patch } = fixed(await fix(f));
  t.is(outcome, 'done');
  t.true(steps[0]?.known);
  t.is(runs(f).length - made, steps.filter(({ known }) => !known).length);
  t.deepEqual(patched(t, f, patch), ['BDEPEND="sys-devel/bisoner sys-devel/flexer"']);
});

mountTest(`a call that is interrupted leaves what it knows, and nothing else${skipped}`, async (t) => {
  const script = `[ $run -ne 7 ] || { echo > /var/tmp/ready; sleep 1000; }; phase flexer || exit 1; phase bisoner || exit 1; package`;
  const f = await withEmerge(t, script);
  const child = f.start('fix', ...shown(f), 'dev-libs/foo');
  const ended = finished(child);
  await until('the seventh build runs', () => existsSync(f.gentoo.path('/var/tmp/ready')), 60_000);
  child.kill('SIGTERM');
  const { signal, stdout, stderr } = await ended;
  t.is(signal, 'SIGTERM', stderr);
  t.is(stdout, '');
  t.is([...stderr.matchAll(/^ +\d+ {2}.* \([\d.]+ s\)$/gm)].length, 6, 'what was interrupted has not failed');
  await nothingLeft(t, f);
  nothingOfProofs(t, f);
  const { steps, patch } = fixed(await fix(f));
  t.true(steps[0]?.known, 'what was known is believed');
  t.deepEqual(patched(t, f, patch), ['BDEPEND="sys-devel/bisoner sys-devel/flexer"']);
});

mountTest(`--dry-run builds nothing${skipped}`, async (t) => {
  const f = await withEmerge(t, `package`);
  const { status, stdout } = await f.lvfs('fix', '--dry-run', '--unused', ...shown(f), 'dev-libs/foo');
  t.is(status, 0);
  t.regex(
    stdout,
    /^dev-libs\/foo-1 \(.*foo-1\.ebuild\), at most 40 builds:\n {2}build it with what it declares \(\d+ packages visible\)/,
  );
  t.regex(stdout, /not used of: dev-libs\/bar-1$/m);
  t.false(existsSync(f.gentoo.path('/var/tmp/runs')));
});

mountTest(`--test: the test phase is part of what has to succeed${skipped}`, async (t) => {
  const script = `case " $FEATURES " in *" test "*) env CATEGORY=dev-libs PF=foo-1 EBUILD_PHASE=test flexer || exit 1 ;; esac; package`;
  const f = await withEmerge(t, script, {
    ebuilds: { 'dev-libs/foo-1': { DEPEND: 'dev-libs/bar', IUSE: 'test' } },
  });
  t.is(fixed(await fix(f)).patch, '');
  const { additions } = fixed(await fix(f, '--test'));
  t.like(additions[0], { cpv: 'sys-devel/flexer-2', kind: 'needed', proved: true });
  const statusOf = async (...args: string[]): Promise<number | null> =>
    (await f.lvfs('build', '--no-prove', ...args, ...shown(f), 'dev-libs/foo')).status;
  t.is(await statusOf(), 0);
  t.is(await statusOf('--test'), 29, 'nor does a build with them do without');
});

mountTest(`what only the tests need goes with a flag that the ebuild gets${skipped}`, async (t) => {
  const script = `case " $FEATURES " in *" -test"*) ;; *" test "*) env CATEGORY=dev-libs PF=foo-1 EBUILD_PHASE=test sh -c flexer || exit 1 ;; esac; package`;
  const f = await withEmerge(t, script);
  const { additions, patch } = fixed(await fix(f, '--test'));
  t.like(additions[0], { condition: 'test', isConditionKnown: true });
  t.deepEqual(patched(t, f, patch), [
    'IUSE="test"',
    'RESTRICT="!test? ( test )"',
    'BDEPEND="test? ( sys-devel/flexer )"',
  ]);
});

mountTest(`a failure of the ebuild's own is no reason for a patch${skipped}`, async (t) => {
  const f = await withEmerge(t, `echo 'a.c:1: error: expected expression'; exit 1`);
  const result = await f.lvfs('fix', ...shown(f), 'dev-libs/foo');
  t.is(result.status, 29);
  t.is(result.stdout, '');
  t.regex(result.stderr, /that failure is its own/);
});

mountTest(`an ebuild that declares all it needs stays as it is${skipped}`, async (t) => {
  const f = await withEmerge(t, `phase 'cat /opt/bar/bar.h' || exit 1; package`);
  const { status, stdout, stderr } = await f.lvfs('fix', '--unused', ...shown(f), 'dev-libs/foo');
  t.is(status, 0, stderr);
  t.is(stdout, '');
  t.regex(stderr, /nothing is to be mended/);
});

mountTest(`git am makes a commit of it${skipped}`, async (t) => {
  const f = await withEmerge(t, `phase flexer || exit 1; package`);
  const git = (...args: string[]) =>
    spawnSync('git', ['-C', repository(f), ...args], {
      encoding: 'utf8',
      env: { ...process.env, HOME: f.directory, GIT_COMMITTER_NAME: 'A', GIT_COMMITTER_EMAIL: 'a@b' },
    });
  git('init', '-q');
  git('add', '.');
  git('-c', 'user.name=A', '-c', 'user.email=a@b', 'commit', '-qm', 'all');
  mkdirSync(f.gentoo.path('/tmp/out'), { recursive: true });
  const file = f.gentoo.path('/tmp/out/foo.patch');
  const result = await f.lvfs('fix', '--patch', file, ...shown(f), 'dev-libs/foo');
  t.is(result.stdout, '');
  const { status, stderr } = git('am', file);
  t.is(status, 0, stderr);
  t.regex(
    git('log', '-1', '--format=%B').stdout,
    /^dev-libs\/foo: declare sys-devel\/flexer\n\nBuilt with lvfs/,
  );
  t.regex(readFileSync(ebuildFile(f), 'utf8'), /^BDEPEND="sys-devel\/flexer"$/m);
});
