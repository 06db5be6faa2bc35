/** What `lvfs build`, `check` and `report` leave for other programs: JSON, pages, JUnit, and all that when something fails. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { host, nothingLeft, withCommands as fixture, type Commands } from '../helpers/commands.js';
import { whyNotMount } from '../helpers/inView.js';
import { finished, program, until, type Result } from '../helpers/lvfs.js';
import { removeTree } from '../helpers/removeTree.js';

const reason = whyNotMount();
const mountTest = reason === undefined ? test.serial : test.serial.skip;
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

type Json = Record<string, unknown>;

const json = (text: string): Json => JSON.parse(text) as Json;

const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

mountTest(`build --json of a build that fails has what it said, without colours${skipped}`, async (t) => {
  const f = await fixture(t);
  const command = `printf '\\033[31mon standard output\\033[0m\\n'; echo on standard error >&2; exit 3`;
  const { status, stdout } = await f.lvfs('build', '--json', ...host, '--command', command, 'dev-libs/foo');
  t.is(status, 29);
  const built = json(stdout);
  t.like(built, { status: 3, targets: ['dev-libs/foo-1'] });
  t.deepEqual(built['failure'], { logs: [], output: 'on standard output\non standard error\n' });
  t.regex(String(built['started']), isoTime);
  t.true(String(built['started']) <= String(built['ended']));
  t.regex(String(built['version']), /^\d+\.\d+\.\d+/);
  await nothingLeft(t, f);
});

mountTest(`a build that fails unseen shows its last lines${skipped}`, async (t) => {
  const f = await fixture(t);
  const command = 'i=0; while [ $i -lt 50 ]; do i=$((i+1)); echo line $i; done; exit 1';
  const { stdout } = await f.lvfs('build', '--quiet', ...host, '--command', command, 'dev-libs/foo');
  t.regex(stdout, /^line 31\n(line \d+\n){18}line 50\n\ndev-libs\/foo-1: the build failed with status 1 in /);
});

mountTest(`what emerge leaves of a failed build is named${skipped}`, async (t) => {
  const log = '/var/tmp/portage/dev-libs/foo-1/temp/build.log';
  const script = `#!/bin/sh\nmkdir -p ${log.slice(0, -10)}\necho failing | tee ${log}\nexit 1\n`;
  const f = await fixture(t, {
    packages: {
      'sys-apps/portage-3.0.66': { files: { '/opt/portage/bin/emerge': { text: script, mode: 0o755 } } },
    },
  });
  f.environment['PATH'] = `${f.environment['PATH'] ?? ''}:/opt/portage/bin`;
  const shown = [...host, '--with', 'sys-apps/portage'];
  const onHost = f.gentoo.path(log);
  const { stdout } = await f.lvfs('build', '--json', ...shown, 'dev-libs/foo', 'dev-libs/other');
  t.deepEqual(json(stdout)['failure'], { logs: [onHost], output: 'failing\n' });
  const told = await f.lvfs('check', ...shown, 'dev-libs/foo');
  t.true(told.stdout.includes(`its log is ${onHost}\n`), told.stdout);
  t.is(readFileSync(onHost, 'utf8'), 'failing\n');
});

mountTest(`files that cannot be written are found before anything is built${skipped}`, async (t) => {
  const f = await fixture(t);
  const good = join(f.directory, 'good');
  const kept = join(f.directory, 'kept');
  writeFileSync(kept, 'of an earlier run');
  for (const [verb, ...options] of [
    ['build', '--html', good, '--log', f.directory],
    ['build', '--html', '/no/such/page'],
    ['check', '--html', good, '--junit', '/no/such/file'],
    ['check', '--junit', kept, '--html', f.directory],
  ] as const) {
    const command = ['--bind', f.directory, '--command', `touch ${f.directory}/built`];
    const { status, stderr } = await f.lvfs(verb, ...host, ...command, ...options, 'dev-libs/foo');
    t.is(status, 1, stderr);
    t.regex(stderr, /^lvfs: \S+: cannot be written: (ENOENT|EISDIR)/);
    t.false(existsSync(join(f.directory, 'built')));
    t.false(existsSync(good), 'what was made for nothing is taken away');
  }
  t.is(readFileSync(kept, 'utf8'), 'of an earlier run');
});

mountTest(`a file that fails in the end costs neither the others nor the answer${skipped}`, async (t) => {
  const f = await fixture(t);
  const page = join(f.directory, 'page');
  const check = await f.lvfs(
    ...['check', '--json', ...host, '--command', 'true', '--junit', '/dev/full', '--html', page],
    'dev-libs/foo',
  );
  t.is(check.status, 1);
  t.regex(check.stderr, /^lvfs: \/dev\/full: cannot be written: ENOSPC/m);
  t.like(json(check.stdout), { target: 'dev-libs/foo', verdict: 'clean' });
  t.regex(readFileSync(page, 'utf8'), /<h1>lvfs check<\/h1>/);
  const build = await f.lvfs('build', '--json', ...host, '--command', 'exit 4', '--html', '/dev/full', 'foo');
  t.is(build.status, 29, 'the more telling status');
  t.like(json(build.stdout), { status: 4 });
});

mountTest(`check that is interrupted writes what is there${skipped}`, async (t) => {
  const f = await fixture(t);
  const [junit, page, ready] = ['junit.xml', 'page.html', 'ready'].map((name) => join(f.directory, name));
  const command = `case $LVFS_TARGET in *foo*) exit 1;; esac; trap 'exit 9' INT; : > ${ready}; while :; do sleep 0.05; done`;
  const args = [
    ...[program, 'check', ...host, '--bind', f.directory, '-j', '1', '--command', command],
    ...['--junit', String(junit), '--html', String(page), 'dev-libs/foo', 'dev-libs/other', 'dev-libs/gone'],
  ];
  // A group of its own, so that all of it gets the signal, as from a terminal.
  const child = spawn(process.execPath, args, { env: f.environment, detached: true });
  const end = finished(child);
  await until('the second build has begun', () => existsSync(String(ready)), 60_000);
  process.kill(-Number(child.pid), 'SIGINT');
  const { signal, stderr, stdout } = await end;
  t.is(signal, 'SIGINT', stderr);
  t.regex(stderr, /interrupted: 1 of 3 targets were checked/);
  t.regex(stdout, /^failed +dev-libs\/foo /);
  const xml = readFileSync(String(junit), 'utf8');
  t.regex(xml, /tests="3" failures="1" errors="0" skipped="2"/);
  t.is(xml.match(/<skipped message="interrupted"\/>/g)?.length, 2);
  t.is(readFileSync(String(page), 'utf8').match(/not checked: interrupted/g)?.length, 2);
  await nothingLeft(t, f);
});

mountTest(`a build that is interrupted leaves a page of what happened so far${skipped}`, async (t) => {
  const f = await fixture(t);
  const [page, ready] = ['page', 'ready'].map((name) => join(f.directory, name)) as [string, string];
  const command = ['--bind', f.directory, '--command', `: > ${ready}; sleep 1000`];
  const child = f.start('build', ...host, ...command, '--html', page, 'dev-libs/foo');
  const end = finished(child);
  await until('the build has begun', () => existsSync(ready), 60_000);
  child.kill('SIGTERM');
  t.is((await end).signal, 'SIGTERM');
  t.regex(readFileSync(page, 'utf8'), /The build failed with status 143\./);
});

mountTest(`a signal ends all builds of a check${skipped}`, async (t) => {
  const f = await fixture(t);
  const command = `: > ${f.directory}/ready-\${LVFS_TARGET##*/}; sleep 1000`;
  const targets = ['dev-libs/foo', 'dev-libs/other'];
  const child = f.start(
    ...['check', ...host, '--bind', f.directory, '-j', '2', '--command', command, ...targets],
  );
  const end = finished(child);
  const ready = (name: string): boolean => existsSync(join(f.directory, `ready-${name}`));
  await until('both builds have begun', () => ready('foo-1') && ready('other-2'), 60_000);
  child.kill('SIGTERM');
  t.is((await end).signal, 'SIGTERM');
  await nothingLeft(t, f);
});

mountTest(`JUnit holds what a build said without colours, and any text${skipped}`, async (t) => {
  const f = await fixture(t);
  const junit = join(f.directory, 'junit.xml');
  const command = `printf '\\033[1;31m<red> & bell\\007 \\360\\237\\230\\200\\033[0m\\n'; exit 1`;
  await f.lvfs('check', '--color=always', ...host, '--command', command, '--junit', junit, 'dev-libs/foo');
  const xml = readFileSync(junit, 'utf8');
  t.regex(xml, /<system-out>&#60;red&#62; &#38; bell\uFFFD? 😀\n<\/system-out>/u);
  t.false(xml.includes('\x1b'));
});

mountTest(`the page of a build that failed says so${skipped}`, async (t) => {
  const f = await fixture(t);
  const page = join(f.directory, 'page.html');
  const build = ['build', ...host, '--html', page, '--command'];
  t.is((await f.lvfs(...build, 'exit 2', 'dev-libs/foo')).status, 29);
  t.true(readFileSync(page, 'utf8').includes('The build failed with status 2.'));
  t.is((await f.lvfs(...build, 'true', 'dev-libs/foo')).status, 0);
  t.false(readFileSync(page, 'utf8').includes('failed with'));
});

/** `lvfs build --command` in a directory. */
function buildIn(f: Commands, cwd: string, command: string, ...more: string[]): Promise<Result> {
  const args = [program, 'build', '--json', ...more, ...host, '--command', command, 'dev-libs/foo'];
  return finished(spawn(process.execPath, args, { cwd, env: f.environment }));
}

mountTest(`build --command works in the current directory, wherever that is${skipped}`, async (t) => {
  const f = await fixture(t);
  const command = 'pwd && cat source && echo made > result';
  // Outside of the root, in it and hidden, and in what is bound anyway.
  const outside = mkdtempSync('/var/lib/lvfs-test-');
  t.teardown(() => removeTree(outside));
  for (const cwd of [outside, f.gentoo.path('/home/me/check out:1'), f.gentoo.path('/var/tmp/checkout')]) {
    mkdirSync(cwd, { recursive: true });
    writeFileSync(join(cwd, 'source'), '');
    const { status, stdout, stderr } = await buildIn(f, cwd, command);
    t.is(status, 0, stdout + stderr);
    t.is(readFileSync(join(cwd, 'result'), 'utf8'), 'made\n', cwd);
  }
  const visible = await buildIn(f, f.gentoo.path('/opt/bar'), 'pwd && cat bar.h && ! touch new');
  t.is(visible.status, 0, 'a directory of the view stays as it is: read-only');
  const hidden = await buildIn(f, f.gentoo.path('/home/me'), 'test "$PWD" = / || exit 7', '--no-binds');
  t.is((json(hidden.stdout) as { status: number }).status, 0, 'nothing but what is asked for');
  await nothingLeft(t, f);
});

mountTest(
  `a directory that cannot be shown is told of once, however many are checked in it${skipped}`,
  async (t) => {
    const f = await fixture(t);
    // The root's own /var/tmp is bound at that place, and does not have it.
    const cwd = mkdtempSync('/var/tmp/lvfs-test-');
    t.teardown(() => removeTree(cwd));
    const check = ['check', '--no-reuse', '-j', '1', '--no-prove', ...host, '--command', 'pwd'];
    const targets = ['dev-libs/foo', 'dev-libs/bar'];
    const { status, stderr } = await finished(
      spawn(process.execPath, [program, ...check, ...targets], { cwd, env: f.environment }),
    );
    t.is(status, 0, stderr);
    t.deepEqual(stderr.match(/.*is not in the directory that is bound there.*/g), [
      `lvfs: warning: ${cwd}: is not in the directory that is bound there, so the command starts in /`,
    ]);
    await nothingLeft(t, f);
  },
);

mountTest(`report --json says of what, when, and by which lvfs${skipped}`, async (t) => {
  const f = await fixture(t);
  const mountpoint = join(f.directory, 'mnt');
  mkdirSync(mountpoint);
  t.is((await f.lvfs('mount', '--no-binds', 'dev-libs/foo', mountpoint)).status, 0);
  try {
    const report = json((await f.lvfs('report', '--json', mountpoint)).stdout);
    t.like(report, { mountpoint, targets: ['dev-libs/foo-1'], state: 'serving', status: null, missing: [] });
    t.is(report['version'], (await f.lvfs('--version')).stdout.trim().split(' ')[1]);
    t.regex(String(report['started']), isoTime);
    t.regex(String(report['ended']), isoTime);
    const page = join(f.directory, 'page');
    const full = await f.lvfs('report', '--strict', '--html', '/dev/full', mountpoint);
    t.is(full.status, 1);
    t.regex(full.stdout, /^dev-libs\/foo-1\n/);
    t.is((await f.lvfs('report', '--html', page, mountpoint)).status, 0);
    t.regex(readFileSync(page, 'utf8'), /^<!doctype html>/);
  } finally {
    t.is((await f.lvfs('umount', mountpoint)).stderr, '');
  }
  await nothingLeft(t, f);
});
